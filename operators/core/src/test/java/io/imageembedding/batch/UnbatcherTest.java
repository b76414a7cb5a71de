// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch.FlushReason;
import java.util.List;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class UnbatcherTest {

  @Test
  void everyElementKeepsItsOwnTimestampAndPlace() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<MicroBatch<String>, String>(new Unbatcher<>())) {
      harness.open();
      MicroBatch<String> batch =
          new MicroBatch<>(
              List.of("a", "b", "c"),
              new long[] {30, MicroBatch.NO_TIMESTAMP, 10},
              FlushReason.COUNT);

      harness.processElement(new StreamRecord<>(batch, 99));

      assertThat(harness.getOutput())
          .containsExactly(
              new StreamRecord<>("a", 30), new StreamRecord<>("b"), new StreamRecord<>("c", 10));
    }
  }
}
