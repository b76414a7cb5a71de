// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that fail in the middle, on Flink's own small cluster. */
class VectorStoreJobTest {
  private static final int ELEMENTS = 3000;
  private static final int IDS = 1000;

  @TempDir Path folder;

  /** Several elements for each id, and for some of the ids a last one that deletes. */
  private static Change change(Long n) {
    String id = "id-" + n % IDS;
    Version version = new Version(n / IDS, "numbers", 0, n);
    if (n >= ELEMENTS - 100) {
      return new Deletion(id, version);
    }
    return TestingVectors.stored(
        id, n % 500 == 499 ? new float[3] : new float[] {n + 1, 1, 1}, version);
  }

  private static boolean isRefused(long n) {
    return n % 500 == 499 && n < ELEMENTS - 100;
  }

  private String address() {
    return "lucene:" + folder.resolve("store");
  }

  private void assertEveryIdOnceAndNewest() {
    try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
      int there = 0;
      for (int i = 0; i < IDS; i++) {
        Change newest = null;
        for (long n = i; n < ELEMENTS; n += IDS) {
          newest = isRefused(n) ? newest : change(n);
        }
        if (newest instanceof StoredVector vector) {
          assertThat(store.get("id-" + i)).contains(vector);
          there++;
        } else {
          assertThat(store.get("id-" + i)).isEmpty();
        }
      }
      assertThat(store.describe().count()).isEqualTo(there);
      assertThat(store.describe().details()).containsEntry("shards", "2");
      assertThat(store.search(new float[] {1, 1, 1}, ELEMENTS, Filter.NONE))
          .hasSize(there)
          .extracting(Hit::id)
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void aSinkThatIsRestoredHasEveryIdOnceAndItsNewestVersion() throws Exception {
    DataStream<Long> numbers = TestingNumbers.below(ELEMENTS);
    numbers.sinkTo(
        VectorStoreSink.builder(address(), VectorStoreJobTest::change)
            .batches(50, Duration.ofMillis(20))
            .onRefused((n, refused) -> assertThat(isRefused(n)).isTrue())
            .build());
    numbers.getExecutionEnvironment().execute();
    assertThat(TestingNumbers.haveFailed()).isTrue();
    assertEveryIdOnceAndNewest();
  }

  @Test
  void everyElementIsAnsweredAndARestoredJobEndsInTheSameState() throws Exception {
    DataStream<Stored<Long>> answers =
        VectorStoreStage.to(address(), VectorStoreJobTest::change)
            .store(TestingNumbers.below(ELEMENTS));
    List<Long> stored = new ArrayList<>();
    List<Long> refused = new ArrayList<>();
    try (CloseableIterator<Stored<Long>> all = answers.executeAndCollect()) {
      all.forEachRemaining(
          answer -> (answer.refused().isPresent() ? refused : stored).add(answer.element()));
    }
    assertThat(TestingNumbers.haveFailed()).isTrue();
    assertThat(stored).hasSize(ELEMENTS - 5).noneMatch(VectorStoreJobTest::isRefused);
    assertThat(refused).hasSize(5).allMatch(VectorStoreJobTest::isRefused);
    assertEveryIdOnceAndNewest();
  }
}
