// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

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
import io.imageembedding.vectorstore.sink.TestingNumbers;
import io.imageembedding.vectorstore.sink.VectorStoreSink;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.junit.jupiter.api.Test;

/** A job that fails in the middle, on Flink's own small cluster and a real server. */
class MilvusJobTest {
  private static final int ELEMENTS = 1200;
  private static final int IDS = 400;

  /** Several elements for each id, and for some of the ids a last one that deletes. */
  private static Change change(Long n) {
    String id = "id-" + n % IDS;
    Version version = new Version(n / IDS, "numbers", 0, n);
    return n >= ELEMENTS - 40
        ? new Deletion(id, version)
        : TestingVectors.stored(id, new float[] {n + 1, 1, 1}, version);
  }

  @Test
  void whatASinkOfTwoSubtasksWroteIsFoundOnceAndNewestThoughTheJobFailed() throws Exception {
    try (TestingMilvus server = TestingMilvus.start()) {
      String address = server.address() + "/default?collection=job";
      DataStream<Long> numbers = TestingNumbers.below(ELEMENTS);
      numbers.sinkTo(
          VectorStoreSink.builder(address, MilvusJobTest::change)
              .batches(50, Duration.ofMillis(20))
              .build());
      numbers.getExecutionEnvironment().execute();

      assertThat(TestingNumbers.haveFailed()).isTrue();
      try (VectorStore store = VectorStore.open(address, OpenMode.read())) {
        int there = IDS - 40;
        for (long i = 0; i < IDS; i++) {
          Change newest = change(ELEMENTS - IDS + i);
          assertThat(store.get(newest.id()).map(Change.class::cast))
              .isEqualTo(newest instanceof StoredVector ? Optional.of(newest) : Optional.empty());
        }
        assertThat(store.describe().count()).isEqualTo(there);
        assertThat(store.search(new float[] {1, 1, 1}, ELEMENTS, Filter.NONE))
            .hasSize(there)
            .extracting(Hit::id)
            .doesNotHaveDuplicates();
        assertThat(store.search(new float[] {1, 1, 1}, 1, Filter.NONE).get(0).id())
            .isEqualTo("id-0");
      }
    }
  }
}
