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
import io.imageembedding.vectorstore.VectorStoreSink;
import io.imageembedding.vectorstore.Version;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

/** A job that fails in the middle, on Flink's own small cluster and a real server. */
class MilvusJobTest {
  private static final int ELEMENTS = 1200;
  private static final int IDS = 400;

  private static final AtomicBoolean FAILED = new AtomicBoolean();

  /** Several elements for each id, and for some of the ids a last one that deletes. */
  private static Change change(Long n) {
    String id = "id-" + n % IDS;
    Version version = new Version(n / IDS, "numbers", 0, n);
    return n >= ELEMENTS - 40
        ? new Deletion(id, version)
        : TestingVectors.stored(id, new float[] {n + 1, 1, 1}, version);
  }

  private static final class FailsOnce implements MapFunction<Long, Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public Long map(Long n) throws Exception {
      // Slow enough for some checkpoints to be complete by then.
      if (n % 20 == 0) {
        Thread.sleep(20);
      }
      if (n > ELEMENTS * 2 / 3 && FAILED.compareAndSet(false, true)) {
        throw new IllegalStateException("fails once");
      }
      return n;
    }
  }

  @Test
  void whatASinkOfTwoSubtasksWroteIsFoundOnceAndNewestThoughTheJobFailed() throws Exception {
    try (TestingMilvus server = TestingMilvus.start()) {
      String address = server.address() + "/default?collection=job";
      Configuration config = new Configuration();
      config.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
      config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
      config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
      env.setParallelism(2);
      env.enableCheckpointing(200);
      env.fromSource(
              new NumberSequenceSource(0, ELEMENTS - 1),
              WatermarkStrategy.noWatermarks(),
              "numbers")
          .map(new FailsOnce())
          .returns(Types.LONG)
          .sinkTo(
              VectorStoreSink.builder(address, MilvusJobTest::change)
                  .batches(50, Duration.ofMillis(20))
                  .build());
      env.execute();

      assertThat(FAILED).isTrue();
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
