// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.EmbeddingReader;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private static final EmbeddingFields FIELDS =
      new EmbeddingFields(
          "a.jpg",
          new Embedding(
              new float[] {1, 2},
              new ImageInfo("jpeg", 640, 427),
              new Provenance("m", "ab", "fp32", "way", "cd")),
          MESSAGE.source(),
          null,
          Map.of());
  private static final EmbeddedMessage ANSWER = new EmbeddedMessage(MESSAGE, FIELDS);

  @Test
  void whatWasTakenIsEncodedAndSent() throws Exception {
    try (var harness = harness("embeddings")) {
      harness.processElement(new StreamRecord<>(ANSWER));

      OutgoingMessage sent = harness.extractOutputValues().get(0);
      assertThat(sent.key()).isEqualTo(MESSAGE.key());
      assertThat(sent.headers()).isEqualTo(MESSAGE.headers());
      assertThat(sent.partition()).isEqualTo(3);
      assertThat(new EmbeddingReader(WireFormat.AVRO, null).read(sent.value())).isEqualTo(FIELDS);
      assertThat(harness.getSideOutput(OutputEncoder.DEAD_LETTERS)).isNull();
    }
  }

  @Test
  void whatIsForNoTopicIsNotSent() throws Exception {
    try (var harness = harness(null)) {
      harness.processElement(new StreamRecord<>(ANSWER));
      harness.processElement(new StreamRecord<>(EmbeddedMessage.tombstone(MESSAGE, "a.jpg")));

      assertThat(harness.extractOutputValues()).isEmpty();
      assertThat(harness.getSideOutput(OutputEncoder.DEAD_LETTERS)).isNull();
    }
  }

  @Test
  void whatWasRefusedIsADeadLetterOfTheStoreWithTheMessageUntouched() throws Exception {
    try (var harness = harness("embeddings")) {
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

  /** No input that is read holds such an attribute; but whatever does is answered. */
  @Test
  void whatCannotBeWrittenIsADeadLetterAndTheTaskGoesOn() throws Exception {
    Map<String, String> attributes = new HashMap<>();
    attributes.put("camera", null);
    EmbeddingFields odd =
        new EmbeddingFields("a.jpg", FIELDS.embedding(), FIELDS.source(), null, attributes);
    try (var harness = harness("embeddings")) {
      harness.processElement(new StreamRecord<>(new EmbeddedMessage(MESSAGE, odd)));
      harness.processElement(new StreamRecord<>(ANSWER));

      assertThat(harness.extractOutputValues()).hasSize(1);
      OutgoingMessage sent =
          harness.getSideOutput(OutputEncoder.DEAD_LETTERS).iterator().next().getValue();
      DeadLetter letter = RecordReader.deadLetters(WireFormat.AVRO, null).read(sent.value());
      assertThat(letter.getStage()).isEqualTo(Stage.store);
      assertThat(letter.getCode()).isEqualTo(Code.OTHER);
      assertThat(letter.getMessage()).contains("cannot be written");
    }
  }

  private static OneInputStreamOperatorTestHarness<EmbeddedMessage, OutgoingMessage> harness(
      String outputTopic) throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<EmbeddedMessage, OutgoingMessage>(
            new ProcessOperator<>(
                new OutputSender(
                    new WireSettings(WireFormat.AVRO, WireFormat.AVRO, null, null),
                    outputTopic,
                    "dead",
                    topic -> new TopicSettings(1 << 20, false))));
    harness.open();
    return harness;
  }
}
