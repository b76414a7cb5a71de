// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class OutputSenderTest {
  private static final KafkaMessage MESSAGE =
      new KafkaMessage(
          "key".getBytes(UTF_8),
          "image".getBytes(UTF_8),
          List.of(new KafkaHeader("trace", new byte[] {1})),
          "images",
          3,
          42,
          1234);
  private static final OutgoingMessage OUTGOING =
      new OutgoingMessage(MESSAGE.key(), new byte[] {7}, MESSAGE.headers(), 3);
  private static final EmbeddedMessage ANSWER =
      new EmbeddedMessage(MESSAGE, "a.jpg", null, OUTGOING, null);

  @Test
  void whatWasTakenIsSentAsItIs() throws Exception {
    try (var harness = harness()) {
      harness.processElement(new StreamRecord<>(ANSWER));

      assertThat(harness.extractOutputValues()).containsExactly(OUTGOING);
      assertThat(harness.getSideOutput(OutputEncoder.DEAD_LETTERS)).isNull();
    }
  }

  @Test
  void whatIsForNoTopicIsNotSent() throws Exception {
    try (var harness = harness()) {
      harness.processElement(
          new StreamRecord<>(new EmbeddedMessage(MESSAGE, "a.jpg", null, null, null)));

      assertThat(harness.extractOutputValues()).isEmpty();
      assertThat(harness.getSideOutput(OutputEncoder.DEAD_LETTERS)).isNull();
    }
  }

  @Test
  void whatWasRefusedIsADeadLetterOfTheStoreWithTheMessageUntouched() throws Exception {
    try (var harness = harness()) {
      harness.processElement(
          new StreamRecord<>(ANSWER.refused(Code.OTHER_SPACE, "the vector is of another model")));

      assertThat(harness.extractOutputValues()).isEmpty();
      OutgoingMessage sent =
          harness.getSideOutput(OutputEncoder.DEAD_LETTERS).iterator().next().getValue();
      assertThat(sent.key()).isEqualTo(MESSAGE.key());
      DeadLetter letter = RecordReader.deadLetters(WireFormat.AVRO, null).read(sent.value());
      assertThat(letter.getId()).isEqualTo("a.jpg");
      assertThat(letter.getStage()).isEqualTo(Stage.store);
      assertThat(letter.getCode()).isEqualTo(Code.OTHER_SPACE);
      assertThat(letter.getMessage()).isEqualTo("the vector is of another model");
      assertThat(letter.getValue()).isEqualTo(ByteBuffer.wrap(MESSAGE.value()));
      assertThat(letter.getSource().getOffset()).isEqualTo(42);
    }
  }

  private static OneInputStreamOperatorTestHarness<EmbeddedMessage, OutgoingMessage> harness()
      throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<EmbeddedMessage, OutgoingMessage>(
            new ProcessOperator<>(
                new OutputSender(
                    new WireSettings(WireFormat.AVRO, WireFormat.AVRO, null, null),
                    "dead",
                    topic -> new TopicSettings(1 << 20, false))));
    harness.open();
    return harness;
  }
}
