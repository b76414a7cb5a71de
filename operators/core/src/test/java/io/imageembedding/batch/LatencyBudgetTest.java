// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch.FlushReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.BasicTypeInfo;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.OneInputStreamTask;
import org.apache.flink.streaming.runtime.tasks.StreamTaskMailboxTestHarness;
import org.apache.flink.streaming.runtime.tasks.StreamTaskMailboxTestHarnessBuilder;
import org.junit.jupiter.api.Test;

class LatencyBudgetTest {
  private static final BatchPolicy POLICY =
      new BatchPolicy(8, 1000, Duration.ofHours(1), Duration.ofSeconds(100));

  @Test
  void anElementThatIsAloneDoesNotWait() throws Exception {
    try (var harness = harness()) {
      harness.processElement(new StreamRecord<>(1));
      assertThat(sizes(harness)).containsExactly(1);

      harness.processElement(new StreamRecord<>(2));
      harness.processElement(new StreamRecord<>(3));
      assertThat(sizes(harness)).containsExactly(1, 1, 1);
    }
  }

  @Test
  void elementsThatAreAtHandShareABatch() throws Exception {
    try (var harness = harness()) {
      harness.processElement(new StreamRecord<>(0));
      harness.setAutoProcess(false);
      for (int i = 1; i <= 19; i++) {
        harness.processElement(new StreamRecord<>(i));
      }
      harness.processAll();

      assertThat(sizes(harness)).containsExactly(1, 8, 8, 3);
      assertThat(batches(harness).get(3).flushReason()).isEqualTo(FlushReason.LATENCY);
      assertThat(batches(harness).get(3).elements()).containsExactly(17, 18, 19);
    }
  }

  @Test
  void nothingIsLeftAtTheEnd() throws Exception {
    try (var harness = harness()) {
      harness.setAutoProcess(false);
      for (int i = 0; i < 5; i++) {
        harness.processElement(new StreamRecord<>(i));
      }
      harness.endInput();
      harness.setAutoProcess(true);
      harness.processAll();
      harness.waitForTaskCompletion();

      assertThat(sizes(harness).stream().mapToInt(Integer::intValue).sum()).isEqualTo(5);
    }
  }

  private static StreamTaskMailboxTestHarness<MicroBatch<Integer>> harness() throws Exception {
    return new StreamTaskMailboxTestHarnessBuilder<>(
            OneInputStreamTask::new, MicroBatch.typeInformation(BasicTypeInfo.INT_TYPE_INFO))
        .addInput(BasicTypeInfo.INT_TYPE_INFO)
        .setupOutputForSingletonOperatorChain(
            new MicroBatcher<>(POLICY, element -> 1, IntSerializer.INSTANCE))
        .build();
  }

  @SuppressWarnings("unchecked")
  private static List<MicroBatch<Integer>> batches(
      StreamTaskMailboxTestHarness<MicroBatch<Integer>> harness) {
    List<MicroBatch<Integer>> batches = new ArrayList<>();
    for (Object output : harness.getOutput()) {
      if (output instanceof StreamRecord<?> record) {
        batches.add((MicroBatch<Integer>) record.getValue());
      }
    }
    return batches;
  }

  private static List<Integer> sizes(StreamTaskMailboxTestHarness<MicroBatch<Integer>> harness) {
    return batches(harness).stream().map(MicroBatch::size).toList();
  }
}
