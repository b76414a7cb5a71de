// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.WriteResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the order of changes to an id, and however often they come, the newest stays. */
abstract class NewestWinsContract {
  static final int DIMENSION = 16;

  /** A space of no real model. */
  static final Provenance SPACE =
      new Provenance("contract", "a".repeat(64), "fp32", "reference", "5".repeat(64));

  /** Another. */
  static final Provenance OTHER_SPACE =
      new Provenance("other", "b".repeat(64), "fp32", "reference", "6".repeat(64));

  private final Random features = new Random(1);

  /** Address of a store that is new for each test, and then always the same. */
  protected abstract String address();

  /** The store's answer to {@link StoreDescription#store()}. */
  protected String name() {
    return StoreAddress.parse(address()).toString();
  }

  /** A vector that was not there before: non-negative, with zeros, as embeddings are. */
  final float[] next() {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = Math.max(0, (float) features.nextGaussian() + 0.5f);
    }
    return vector;
  }

  /** A vector with the usual things beside it. */
  static StoredVector stored(String id, float[] vector, Version version) {
    return stored(id, vector, version, Map.of("class", "class-" + Math.floorMod(id.hashCode(), 4)));
  }

  /** A vector with attributes. */
  static StoredVector stored(
      String id, float[] vector, Version version, Map<String, String> attributes) {
    return new StoredVector(
        id,
        vector,
        SPACE,
        version,
        new ImageMetadata(
            new ImageInfo("jpeg", 640, 480), "file:/images/" + id + ".jpg", null, attributes));
  }

  /** The store, to write to it. */
  final VectorStore writer() {
    return VectorStore.open(address(), OpenMode.write(0).retrying(RetryPolicy.NONE));
  }

  static CollectionSpec collection(int dimension, Provenance space) {
    return new CollectionSpec(dimension, Similarity.COSINE, space);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void anyOrderOfTheSameChangesEndsInTheSameState(long seed) {
    Random random = new Random(seed);
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      String id = "id-" + random.nextInt(20);
      Version version =
          new Version(
              random.nextInt(4) - 1,
              "topic-" + random.nextInt(2),
              random.nextInt(2),
              random.nextInt(3));
      changes.add(
          random.nextInt(4) == 0
              ? new Deletion(id, version)
              : stored(id, next(), version, Map.of("n", String.valueOf(random.nextInt(3)))));
    }
    Map<String, Change> newest = new HashMap<>();
    changes.forEach(
        c -> newest.merge(c.id(), c, (a, b) -> Change.BY_AGE.compare(a, b) > 0 ? a : b));

    List<Change> replayed = new ArrayList<>(changes);
    replayed.addAll(changes.subList(0, 75));
    Collections.shuffle(replayed, random);
    VectorStore.open(address(), OpenMode.write(0).expecting(collection(DIMENSION, SPACE))).close();
    VectorStore store = writer();
    try {
      int written = 0;
      for (int from = 0; from < replayed.size(); ) {
        int to = Math.min(replayed.size(), from + 1 + random.nextInt(20));
        WriteResult result = store.write(replayed.subList(from, to));
        assertThat(result.refused()).isEmpty();
        assertThat(result.written() + result.stale()).isEqualTo(to - from);
        written += result.written();
        from = to;
        if (random.nextInt(3) == 0) {
          store.commit();
        }
        if (random.nextInt(4) == 0) {
          store.close();
          store = writer();
        }
      }
      assertThat(written).isBetween(newest.size(), changes.size());
      store.commit();
      assertHolds(store, newest);
      assertThat(store.write(changes)).isEqualTo(new WriteResult(0, changes.size(), List.of()));
      store.optimize();
      assertHolds(store, newest);
    } finally {
      store.close();
    }
  }

  private void assertHolds(VectorStore store, Map<String, Change> newest) {
    Set<String> there = new HashSet<>();
    newest.forEach(
        (id, change) -> {
          assertThat(store.get(id))
              .isEqualTo(
                  change instanceof StoredVector vector ? Optional.of(vector) : Optional.empty());
          if (change instanceof StoredVector) {
            there.add(id);
          }
        });
    assertThat(store.describe().count()).isEqualTo(there.size());
    assertThat(store.search(next(), 100, Filter.NONE))
        .extracting(Hit::id)
        .containsExactlyInAnyOrderElementsOf(there);
  }

  @Test
  void aDeletionKeepsOlderVectorsOutThatArriveLater() {
    try (VectorStore store = writer()) {
      store.upsert(List.of(stored("other", next(), Version.at(1))));
      assertThat(store.delete(List.of(new Deletion("a", Version.at(5)))).written()).isEqualTo(1);
      assertThat(store.upsert(List.of(stored("a", next(), Version.at(4)))).stale()).isEqualTo(1);
      assertThat(store.get("a")).isEmpty();
      assertThat(store.upsert(List.of(stored("a", next(), Version.at(6)))).written()).isEqualTo(1);
      store.commit();
      assertThat(store.get("a")).isPresent();
      assertThat(store.describe().count()).isEqualTo(2);
    }
  }

  @Test
  void theSameVectorWithANewerVersionKeepsOutWhatIsBetweenThem() {
    float[] vector = next();
    try (VectorStore store = writer()) {
      store.upsert(List.of(stored("a", vector, Version.at(1))));
      assertThat(store.upsert(List.of(stored("a", vector, Version.at(3)))).written()).isEqualTo(1);
      assertThat(store.upsert(List.of(stored("a", next(), Version.at(2)))).stale()).isEqualTo(1);
      store.commit();
      assertThat(store.get("a").orElseThrow().version()).isEqualTo(Version.at(3));
    }
  }
}
