// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch.FlushReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class MicroBatcherTest {
  private static final BatchPolicy THREE = new BatchPolicy(3, 1000, Duration.ofMillis(100));

  @Test
  void countClosesABatchAndTheRestWaits() throws Exception {
    try (var harness = harness(THREE)) {
      process(harness, 1, 2, 3, 4);

      assertThat(batches(harness)).containsExactly(batch(FlushReason.COUNT, 1, 2, 3));
    }
  }

  @Test
  void anElementThatWouldExceedTheBytesStartsTheNextBatch() throws Exception {
    BatchPolicy policy = new BatchPolicy(10, 100, Duration.ofMillis(100));
    try (var harness = harness(policy)) {
      process(harness, 60, 41, 59, 7);

      assertThat(batches(harness))
          .containsExactly(batch(FlushReason.BYTES, 60), batch(FlushReason.BYTES, 41, 59));
    }
  }

  @Test
  void anElementLargerThanTheLimitGoesAlone() throws Exception {
    BatchPolicy policy = new BatchPolicy(10, 100, Duration.ofMillis(100));
    try (var harness = harness(policy)) {
      process(harness, 1, 500, 2);

      assertThat(batches(harness))
          .containsExactly(batch(FlushReason.BYTES, 1), batch(FlushReason.BYTES, 500));
    }
  }

  @Test
  void sizesThatOverflowALongStillCloseTheBatch() throws Exception {
    MicroBatcher<Integer> huge =
        new MicroBatcher<>(
            new BatchPolicy(10, Long.MAX_VALUE, Duration.ofMillis(100)),
            element -> Long.MAX_VALUE - 1,
            IntSerializer.INSTANCE);
    try (var harness = open(huge)) {
      process(harness, 1, 2);

      assertThat(batches(harness)).containsExactly(batch(FlushReason.BYTES, 1));
    }
  }

  @Test
  void ageOfTheFirstElementClosesABatch() throws Exception {
    try (var harness = harness(THREE)) {
      harness.setProcessingTime(1000);
      process(harness, 1);
      harness.setProcessingTime(1060);
      process(harness, 2);
      harness.setProcessingTime(1099);
      assertThat(batches(harness)).isEmpty();

      harness.setProcessingTime(1100);

      assertThat(batches(harness)).containsExactly(batch(FlushReason.AGE, 1, 2));
    }
  }

  @Test
  void theTimerOfABatchThatIsGoneDoesNotCutTheNextOneShort() throws Exception {
    try (var harness = harness(THREE)) {
      harness.setProcessingTime(0);
      process(harness, 1, 2, 3);
      harness.setProcessingTime(50);
      process(harness, 4);
      harness.setProcessingTime(149);
      assertThat(batches(harness)).hasSize(1);

      harness.setProcessingTime(150);

      assertThat(batches(harness)).last().isEqualTo(batch(FlushReason.AGE, 4));
      assertThat(harness.getProcessingTimeService().getNumActiveTimers()).isZero();
    }
  }

  @Test
  void aLateTimerThatHadAlreadyFiredDoesNothing() throws Exception {
    MicroBatcher<Integer> batcher = new MicroBatcher<>(THREE, element -> 1, IntSerializer.INSTANCE);
    try (var harness = open(batcher)) {
      harness.setProcessingTime(50);
      process(harness, 4);

      batcher.onProcessingTime(100);

      assertThat(batches(harness)).isEmpty();
    }
  }

  @Test
  void nothingIsLeftBehindACheckpointBarrierAndThereIsNoState() throws Exception {
    try (var harness = harness(THREE)) {
      process(harness, 1, 2);

      harness.prepareSnapshotPreBarrier(7);
      assertThat(batches(harness)).containsExactly(batch(FlushReason.CHECKPOINT, 1, 2));

      var state = harness.snapshot(7, 0);
      assertThat(state.hasState()).isFalse();
    }
  }

  @Test
  void aWatermarkDoesNotOvertakeAnElementThatItWouldMakeLate() throws Exception {
    try (var harness = harness(THREE)) {
      harness.processElement(1, 10);
      harness.processElement(2, 20);
      harness.processWatermark(10);

      assertThat(harness.getOutput())
          .containsExactly(
              new StreamRecord<>(
                  new MicroBatch<>(List.of(1, 2), new long[] {10, 20}, FlushReason.WATERMARK)),
              new Watermark(10));
    }
  }

  @Test
  void aWatermarkThatHarmsNobodyPassesAndTheBatchGoesOnFilling() throws Exception {
    try (var harness = harness(THREE)) {
      harness.processElement(1, 10);
      harness.processWatermark(9);
      harness.processElement(2, 11);
      harness.processElement(3, 12);

      assertThat(harness.getOutput())
          .containsExactly(
              new Watermark(9),
              new StreamRecord<>(
                  new MicroBatch<>(List.of(1, 2, 3), new long[] {10, 11, 12}, FlushReason.COUNT)));
    }
  }

  @Test
  void idlenessIsToldOnlyAfterWhatWaited() throws Exception {
    try (var harness = harness(THREE)) {
      process(harness, 1);
      harness.processWatermarkStatus(WatermarkStatus.IDLE);

      assertThat(harness.getOutput())
          .containsExactly(new StreamRecord<>(batch(FlushReason.IDLE, 1)), WatermarkStatus.IDLE);
    }
  }

  @Test
  void theEndOfInputFlushesOnce() throws Exception {
    try (var harness = harness(THREE)) {
      process(harness, 1, 2);
      harness.endInput();
      harness.getOneInputOperator().finish();

      assertThat(batches(harness)).containsExactly(batch(FlushReason.END_OF_INPUT, 1, 2));
    }
  }

  @Test
  void elementsThatTheJobReusesAreCopied() throws Exception {
    MicroBatcher<byte[]> batcher =
        new MicroBatcher<>(THREE, bytes -> 1, BytePrimitiveArraySerializer.INSTANCE);
    try (var harness = new OneInputStreamOperatorTestHarness<byte[], MicroBatch<byte[]>>(batcher)) {
      harness.getExecutionConfig().enableObjectReuse();
      harness.open();
      byte[] reused = new byte[1];
      for (byte i = 1; i <= 3; i++) {
        reused[0] = i;
        harness.processElement(new StreamRecord<>(reused));
      }

      List<byte[]> elements = harness.extractOutputValues().get(0).elements();
      assertThat(elements)
          .extracting(bytes -> bytes[0])
          .containsExactly((byte) 1, (byte) 2, (byte) 3);
    }
  }

  @Test
  void whateverHappensEveryElementComesOutOnceInOrderBeforeItsBarrierAndWatermark()
      throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      BatchPolicy policy =
          new BatchPolicy(
              1 + random.nextInt(6),
              1 + random.nextInt(300),
              Duration.ofMillis(1 + random.nextInt(50)));
      try (var harness = harness(policy)) {
        List<Integer> sent = new ArrayList<>();
        long time = 0;
        long watermark = -1;
        for (int step = 0; step < 100; step++) {
          switch (random.nextInt(10)) {
            case 0 -> harness.setProcessingTime(time += random.nextInt(60));
            case 1 -> {
              harness.prepareSnapshotPreBarrier(step);
              assertThat(values(harness)).containsExactlyElementsOf(sent);
            }
            case 2 -> harness.processWatermark(watermark += random.nextInt(20));
            default -> {
              int element = 1 + random.nextInt(200);
              sent.add(element);
              harness.processElement(element, watermark + 1 + random.nextInt(10));
            }
          }
        }
        harness.endInput();

        assertThat(values(harness)).as("seed %s", seed).containsExactlyElementsOf(sent);
        assertNothingIsLate(harness);
        assertThat(batches(harness)).allMatch(batch -> batch.size() <= policy.maxCount());
        assertThat(batches(harness))
            .allMatch(
                batch ->
                    batch.size() == 1
                        || batch.elements().stream().mapToInt(i -> i).sum() <= policy.maxBytes());
      }
    }
  }

  private static void assertNothingIsLate(
      OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness) {
    long watermark = Long.MIN_VALUE;
    for (Object event : harness.getOutput()) {
      if (event instanceof Watermark passed) {
        watermark = passed.getTimestamp();
      } else if (event instanceof StreamRecord<?> record
          && record.getValue() instanceof MicroBatch<?> batch) {
        for (int i = 0; i < batch.size(); i++) {
          assertThat(batch.timestamp(i)).isGreaterThan(watermark);
        }
      }
    }
  }

  private static OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness(
      BatchPolicy policy) throws Exception {
    return open(new MicroBatcher<>(policy, element -> element, IntSerializer.INSTANCE));
  }

  private static OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> open(
      MicroBatcher<Integer> batcher) throws Exception {
    var harness = new OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>>(batcher);
    harness.open();
    return harness;
  }

  private static void process(
      OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness, Integer... elements)
      throws Exception {
    for (Integer element : elements) {
      harness.processElement(new StreamRecord<>(element));
    }
  }

  private static List<MicroBatch<Integer>> batches(
      OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness) {
    return harness.getOutput().stream()
        .filter(StreamRecord.class::isInstance)
        .map(event -> harness.extractOutputValues())
        .findFirst()
        .orElse(List.of());
  }

  private static List<Integer> values(
      OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness) {
    return batches(harness).stream().flatMap(batch -> batch.elements().stream()).toList();
  }

  private static MicroBatch<Integer> batch(FlushReason reason, Integer... elements) {
    long[] none =
        IntStream.range(0, elements.length).mapToLong(i -> MicroBatch.NO_TIMESTAMP).toArray();
    return new MicroBatch<>(Stream.of(elements).toList(), none, reason);
  }
}
