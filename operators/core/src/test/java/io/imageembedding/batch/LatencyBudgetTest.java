// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch.FlushReason;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class LatencyBudgetTest {
  private static final BatchPolicy POLICY =
      new BatchPolicy(8, 1000, Duration.ofHours(1), Duration.ofSeconds(100));

  @Test
  void anElementThatIsAloneDoesNotWait() throws Exception {
    try (var harness = harness()) {
      for (int i = 1; i <= 3; i++) {
        atHand(harness, i);
        assertThat(sizes(harness)).hasSize(i).containsOnly(1);
      }
    }
  }

  @Test
  void elementsThatAreAtHandShareBatchesThatGrow() throws Exception {
    try (var harness = harness()) {
      Integer[] elements = new Integer[4 * (1 + 2 + 4) + 19];
      Arrays.setAll(elements, i -> i);
      atHand(harness, elements);

      assertThat(sizes(harness)).containsExactly(1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 8, 8, 3);
      MicroBatch<Integer> last = harness.extractOutputValues().get(14);
      assertThat(last.flushReason()).isEqualTo(FlushReason.LATENCY);
      assertThat(last.elements()).containsExactly(44, 45, 46);
    }
  }

  @Test
  void aBarrierTakesWhatIsThereAndTheLookForMoreFindsNothing() throws Exception {
    try (var harness = harness()) {
      atHand(harness, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
      harness.processElement(new StreamRecord<>(12));
      harness.processElement(new StreamRecord<>(13));
      harness.prepareSnapshotPreBarrier(1);
      assertThat(sizes(harness)).containsExactly(1, 1, 1, 1, 2, 2, 2, 2, 2);

      atHand(harness);
      assertThat(sizes(harness)).hasSize(9);
    }
  }

  @Test
  void nothingIsLeftAtTheEnd() throws Exception {
    try (var harness = harness()) {
      atHand(harness, 0);
      harness.processElement(new StreamRecord<>(1));
      harness.endInput();

      assertThat(sizes(harness)).containsExactly(1, 1);
    }
  }

  /** As a task does that has these elements at hand: mails first, then one element, and so on. */
  private static void atHand(
      OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness, Integer... elements)
      throws Exception {
    TaskMailbox mailbox = harness.getTaskMailbox();
    for (Integer element : elements) {
      runMails(mailbox);
      harness.processElement(new StreamRecord<>(element));
    }
    while (mailbox.hasMail()) {
      runMails(mailbox);
    }
  }

  private static void runMails(TaskMailbox mailbox) throws Exception {
    mailbox.createBatch();
    for (Optional<Mail> mail = mailbox.tryTakeFromBatch();
        mail.isPresent();
        mail = mailbox.tryTakeFromBatch()) {
      mail.get().run();
    }
  }

  private static OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness()
      throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>>(
            new MicroBatcher<>(POLICY, element -> 1, IntSerializer.INSTANCE));
    harness.open();
    return harness;
  }

  private static List<Integer> sizes(
      OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>> harness) {
    return harness.extractOutputValues().stream().map(MicroBatch::size).toList();
  }
}
