// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.tool;

import static io.imageembedding.vectorstore.TestingVectors.OTHER_SPACE;
import static io.imageembedding.vectorstore.TestingVectors.SPACE;
import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.WriteResult;
import io.imageembedding.vectorstore.tool.StoreCopy.Copied;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreCopyTest {
  private static final int DIMENSION = 64;
  private static final int COUNT = 1203;

  @TempDir Path folder;

  private final TestingVectors vectors = new TestingVectors(DIMENSION, 2);
  private final List<StoredVector> all =
      IntStream.range(0, COUNT)
          .mapToObj(i -> stored("id-" + i, vectors.next(), new Version(i % 7, "images", i % 3, i)))
          .toList();

  private String address(String name) {
    return "lucene:" + folder.resolve(name);
  }

  private VectorStore open(String name) {
    return VectorStore.open(address(name), OpenMode.write(0));
  }

  private void fill(String name) {
    try (VectorStore store = open(name)) {
      store.upsert(all);
    }
  }

  private Copied copy(String from, String to) {
    try (VectorStore source = VectorStore.open(address(from), OpenMode.read())) {
      return StoreCopy.copy(source, address(to), refused -> {}, copied -> {});
    }
  }

  @Test
  void everyVectorIsInTheCopyWithVersionAndMetadata() {
    fill("a");
    List<Long> progress = new ArrayList<>();
    try (VectorStore source = VectorStore.open(address("a"), OpenMode.read())) {
      assertThat(StoreCopy.copy(source, address("b"), refused -> {}, progress::add))
          .isEqualTo(new Copied(COUNT, COUNT, 0, 0));
    }
    assertThat(progress).containsExactly(500L, 1000L, (long) COUNT);
    try (VectorStore copy = VectorStore.open(address("b"), OpenMode.read())) {
      assertThat(copy.describe().collection())
          .contains(new CollectionSpec(DIMENSION, Similarity.COSINE, SPACE));
      assertThat(copy.scan(null, 2 * COUNT)).containsExactlyInAnyOrderElementsOf(all);
    }
  }

  @Test
  void aReplayIntoTheCopyChangesNothingAndNewerChangesWin() {
    fill("a");
    copy("a", "b");
    try (VectorStore copy = open("b")) {
      assertThat(copy.upsert(all)).isEqualTo(new WriteResult(0, COUNT, List.of()));
      StoredVector newer = stored("id-5", vectors.next(), new Version(9, "images", 0, 2000));
      assertThat(copy.upsert(List.of(newer)).written()).isEqualTo(1);
    }
    assertThat(copy("a", "b")).isEqualTo(new Copied(COUNT, 0, COUNT, 0));
    try (VectorStore copy = VectorStore.open(address("b"), OpenMode.read())) {
      assertThat(copy.get("id-5").orElseThrow().version().timestamp()).isEqualTo(9);
    }
  }

  @Test
  void aCopyThatWasInterruptedGoesOnWhenItIsStartedAgain() {
    fill("a");
    try (VectorStore source = VectorStore.open(address("a"), OpenMode.read())) {
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(
              () ->
                  StoreCopy.copy(
                      source,
                      address("b"),
                      refused -> {},
                      copied -> {
                        if (copied >= 1000) {
                          throw new IllegalStateException("interrupted");
                        }
                      }));
    }
    assertThat(copy("a", "b")).isEqualTo(new Copied(COUNT, COUNT - 1000, 1000, 0));
    try (VectorStore copy = VectorStore.open(address("b"), OpenMode.read())) {
      assertThat(copy.scan(null, 2 * COUNT)).containsExactlyInAnyOrderElementsOf(all);
    }
  }

  @Test
  void aTargetOfAnotherModelIsRefusedNamingBothAndStaysAsItIs() {
    fill("a");
    StoredVector other =
        new StoredVector("other", vectors.next(), OTHER_SPACE, Version.at(1), all.get(0).image());
    try (VectorStore target = open("b")) {
      target.upsert(List.of(other));
    }
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> copy("a", "b"))
        .withMessageContaining(address("b"))
        .withMessageContaining(SPACE.summary())
        .withMessageContaining(OTHER_SPACE.summary());
    try (VectorStore target = VectorStore.open(address("b"), OpenMode.read())) {
      assertThat(target.scan(null, 10)).containsExactly(other);
    }
  }

  @Test
  void whatTheTargetCannotHoldIsReportedAndTheRestIsCopied() {
    // Built by hand: a store that holds such a vector is damaged.
    List<RefusedChange> refused = new ArrayList<>();
    try (TestingLies damaged = new TestingLies(open("a"))) {
      damaged.upsert(
          List.of(
              stored("a", new float[] {1, 2}, Version.at(1)),
              stored("c", new float[] {2, 1}, Version.at(1))));
      damaged.put(stored("b", new float[] {Float.NaN, 1}, Version.at(1)));
      damaged.commit();

      assertThat(StoreCopy.copy(damaged, address("b"), refused::add, copied -> {}))
          .isEqualTo(new Copied(3, 2, 0, 1));
    }
    assertThat(refused).extracting(RefusedChange::id).containsExactly("b");
  }

  @Test
  void aStoreIsNotCopiedOntoItself() {
    fill("a");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> copy("a", "a"))
        .withMessage(address("a") + " cannot be copied onto itself");
  }

  @Test
  void ofAnEmptyStoreNothingIsMade() {
    open("a").close();
    assertThat(copy("a", "b")).isEqualTo(new Copied(0, 0, 0, 0));
    assertThat(folder.resolve("b")).doesNotExist();
  }
}
