// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.testkit.MemoryStore;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperatorFactory;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

class VectorStoreSinkTest {
  private static final RetryPolicy QUICK =
      new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(4), Duration.ofSeconds(20));

  private static final List<String> REFUSED = new ArrayList<>();

  private String address;
  private MemoryStore store;

  @BeforeEach
  void newStore(TestInfo test) {
    String name = test.getTestMethod().orElseThrow().getName();
    store = MemoryStore.named(name);
    address = store.address();
    REFUSED.clear();
  }

  @AfterEach
  void releaseStore() {
    store.resumeWrites();
  }

  private static Change change(Integer n) {
    if (n < 0) {
      throw new IllegalArgumentException("no id of " + n);
    }
    float[] vector = n % 10 == 7 ? new float[2] : new float[] {n + 1, 1};
    return TestingVectors.stored("id-" + n, vector, Version.at(n));
  }

  private VectorStoreSink.Builder<Integer> sink() {
    return VectorStoreSink.builder(address, VectorStoreSinkTest::change)
        .batches(5, Duration.ofMillis(100))
        .retrying(QUICK)
        .onRefused((n, refused) -> REFUSED.add(n + " " + refused.reason()));
  }

  private static OneInputStreamOperatorTestHarness<Integer, ?> harness(
      VectorStoreSink.Builder<Integer> sink) throws Exception {
    OneInputStreamOperatorTestHarness<Integer, ?> harness =
        new OneInputStreamOperatorTestHarness<>(new SinkWriterOperatorFactory<>(sink.build()));
    harness.open();
    return harness;
  }

  private static void process(OneInputStreamOperatorTestHarness<Integer, ?> harness, int... ns)
      throws Exception {
    for (int n : ns) {
      harness.processElement(n, n);
    }
  }

  @Test
  void beforeABarrierPassesEverythingIsCommitted() throws Exception {
    try (var harness = harness(sink())) {
      process(harness, 1, 2, 3, 4, 5, 6, 8);
      harness.prepareSnapshotPreBarrier(1);
      assertThat(store.committed()).hasSize(7);
      assertThat(store.batches()).containsExactly(5, 2);
      harness.prepareSnapshotPreBarrier(2);
      assertThat(store.batches()).containsExactly(5, 2);
    }
  }

  @Test
  void anIncompleteBatchIsWrittenWhenItsFirstChangeIsOldEnough() throws Exception {
    try (var harness = harness(sink())) {
      harness.setProcessingTime(1000);
      process(harness, 1);
      harness.setProcessingTime(1050);
      process(harness, 2);
      harness.setProcessingTime(1099);
      assertThat(store.written()).isEmpty();
      harness.setProcessingTime(1100);
      Awaitility.await().until(() -> store.written().size() == 2);
      process(harness, 3);
      harness.setProcessingTime(1199);
      assertThat(store.batches()).containsExactly(2);
    }
  }

  @Test
  void whatTheStoreRefusesGoesToTheHandlerBeforeTheCheckpoint() throws Exception {
    try (var harness = harness(sink())) {
      process(harness, 6, 7, 8, 17);
      harness.prepareSnapshotPreBarrier(1);
      assertThat(REFUSED).containsExactly("7 ZERO_NORM", "17 ZERO_NORM");
      assertThat(store.committed()).containsOnlyKeys("id-6", "id-8");
    }
  }

  @Test
  void withoutAHandlerARefusalFailsTheJob() throws Exception {
    VectorStoreSink.Builder<Integer> sink =
        VectorStoreSink.builder(address, VectorStoreSinkTest::change);
    try (var harness = harness(sink)) {
      process(harness, 7);
      assertThatThrownBy(() -> harness.prepareSnapshotPreBarrier(1))
          .hasStackTraceContaining("the store refuses id-7 (ZERO_NORM)");
    }
  }

  @Test
  void anElementOfWhichNoChangeCanBeMadeIsRefusedLikeAChangeThatNoStoreTakes() throws Exception {
    try (var harness = harness(sink())) {
      process(harness, 6, -1, 8);
      harness.prepareSnapshotPreBarrier(1);
      assertThat(REFUSED).containsExactly("-1 EXTRACTOR_FAILED");
      assertThat(store.committed()).containsOnlyKeys("id-6", "id-8");
    }
  }

  @Test
  void withoutAHandlerAnElementOfWhichNoChangeCanBeMadeFailsTheJob() throws Exception {
    try (var harness = harness(VectorStoreSink.builder(address, VectorStoreSinkTest::change))) {
      assertThatThrownBy(() -> process(harness, -1))
          .hasMessage(
              "no change can be made of an element: java.lang.IllegalArgumentException: no id of"
                  + " -1");
    }
  }

  @Test
  void aStageAnswersAnElementOfWhichNoChangeCanBeMadeInItsPlace() throws Exception {
    StoreOperator<Integer> operator =
        new StoreOperator<>(StoreTarget.of(address), VectorStoreSinkTest::change, false);
    try (var harness =
        new OneInputStreamOperatorTestHarness<MicroBatch<Integer>, MicroBatch<Stored<Integer>>>(
            operator)) {
      harness.open();
      harness.processElement(new StreamRecord<>(batch(-1, 6, -2, 7, 8)));
      harness.processElement(new StreamRecord<>(batch(-3)));

      assertThat(harness.extractOutputValues())
          .flatExtracting(MicroBatch::elements)
          .extracting(
              stored ->
                  stored.element()
                      + stored.refused().map(refused -> " " + refused.reason()).orElse(""))
          .containsExactly(
              "-1 EXTRACTOR_FAILED",
              "6",
              "-2 EXTRACTOR_FAILED",
              "7 ZERO_NORM",
              "8",
              "-3 EXTRACTOR_FAILED");
    }
  }

  @Test
  void aStageFailsByAnExtractorsExceptionWhereThatIsChosen() throws Exception {
    StoreOperator<Integer> operator =
        new StoreOperator<>(StoreTarget.of(address), VectorStoreSinkTest::change, true);
    try (var harness =
        new OneInputStreamOperatorTestHarness<MicroBatch<Integer>, MicroBatch<Stored<Integer>>>(
            operator)) {
      harness.open();
      assertThatThrownBy(() -> harness.processElement(new StreamRecord<>(batch(6, -1))))
          .hasMessageContaining("no id of -1");
    }
  }

  private static MicroBatch<Integer> batch(Integer... elements) {
    return new MicroBatch<>(
        List.of(elements), new long[elements.length], MicroBatch.FlushReason.COUNT);
  }

  @Test
  void whatCanPassIsTriedAgain() throws Exception {
    try (var harness = harness(sink())) {
      store.failWrites(4);
      process(harness, 1, 2);
      harness.prepareSnapshotPreBarrier(1);
      assertThat(store.committed()).hasSize(2);
    }
  }

  @Test
  void whatDoesNotPassFailsTheJobWithOneClearLine() throws Exception {
    try (var harness = harness(sink())) {
      store.breakWrites(new StoreException("the disk is full"));
      process(harness, 1, 2);
      assertThatThrownBy(() -> harness.prepareSnapshotPreBarrier(1))
          .hasStackTraceContaining("StoreException: the disk is full");
    }
  }

  @Test
  void aSlowStoreHoldsTheTaskBack() throws Exception {
    store.pauseWrites();
    AtomicInteger processed = new AtomicInteger();
    CompletableFuture<Integer> whenReleased =
        CompletableFuture.supplyAsync(
            () -> {
              int before = processed.get();
              store.resumeWrites();
              return before;
            },
            CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS));
    try (var harness = harness(sink())) {
      for (int n = 0; n < 50; n++) {
        process(harness, n);
        processed.incrementAndGet();
      }
      assertThat(whenReleased.get()).isEqualTo(5 * (VectorStoreWriter.MOST_IN_FLIGHT + 1) - 1);
      harness.prepareSnapshotPreBarrier(1);
      assertThat(store.committed()).hasSize(45);
    }
  }

  @Test
  void anAddressThatIsNoneFailsWhileTheJobIsBuilt() {
    for (String wrong : List.of("milky:way", "lucene", "lucene:/x?ef-search=0", "lucene:")) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> VectorStoreSink.builder(wrong, VectorStoreSinkTest::change));
    }
  }
}
