// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.flink.Embedded;
import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.schema.ClassScore;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.SourceHeader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.testkit.SampleRecords;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class OutputEncoderTest {
  private static final Provenance PROVENANCE =
      new Provenance("m", "ab".repeat(32), "fp32", "way", "cd".repeat(32));
  private static final Embedding EMBEDDING =
      new Embedding(new float[1280], new ImageInfo("jpeg", 640, 427), PROVENANCE);
  private static final Refusal TRUNCATED =
      new Refusal(Refusal.Stage.IMAGE, "TRUNCATED", "the jpeg ends before its image does");
  private static final int MIB = 1 << 20;

  @Test
  void anEmbeddingKeepsKeyHeadersAndWhatTheRecordSaid() throws Exception {
    Answers answers = encode(WireFormat.AVRO, message(avro("a.jpg", 100), 0), EMBEDDING, MIB);

    assertThat(answers.deadLetters).isEmpty();
    OutgoingMessage sent = answers.embeddings.get(0);
    assertThat(sent.key()).isEqualTo("key".getBytes(UTF_8));
    assertThat(sent.headers()).containsExactly(new KafkaHeader("trace", new byte[] {1}));
    EmbeddingRecord record = RecordReader.embeddings(WireFormat.AVRO, null).read(sent.value());
    assertThat(record.getId()).isEqualTo("a.jpg");
    assertThat(record.getEmbedding()).hasSize(1280);
    assertThat(record.getModel().getSha256()).isEqualTo("ab".repeat(32));
    assertThat(record.getVectorSpace()).isEqualTo("cd".repeat(32));
    assertThat(record.getSource().getOffset()).isEqualTo(42);
    assertThat(record.getSource().getTimestamp()).isEqualTo(Instant.ofEpochMilli(1234));
    assertThat(record.getAttributes()).isEqualTo(Map.of("camera", "x"));
    assertThat(record.getScores()).isNull();
  }

  @Test
  void theScoresOfAClassifierStandInTheRecordBestFirst() throws Exception {
    Embedding classified =
        new Embedding(
            new float[] {3, 2, 1},
            EMBEDDING.image(),
            PROVENANCE,
            List.of(
                new io.imageembedding.embedding.ClassScore("tabby", 0.75f),
                new io.imageembedding.embedding.ClassScore("tiger cat", 0.125f)));
    Answers answers = encode(WireFormat.AVRO, message(avro("a.jpg", 100), 0), classified, MIB);

    EmbeddingRecord record =
        RecordReader.embeddings(WireFormat.AVRO, null).read(answers.embeddings.get(0).value());
    assertThat(record.getEmbedding()).containsExactly(3f, 2f, 1f);
    assertThat(record.getScores())
        .containsExactly(new ClassScore("tabby", 0.75f), new ClassScore("tiger cat", 0.125f));
  }

  @Test
  void aDeadLetterHoldsTheMessageUntouched() throws Exception {
    KafkaMessage message = message(avro("a.jpg", 100), 0);
    DeadLetter letter = deadLetter(encode(WireFormat.AVRO, message, TRUNCATED, MIB));

    assertThat(letter.getId()).isEqualTo("a.jpg");
    assertThat(letter.getStage()).isEqualTo(Stage.image);
    assertThat(letter.getCode()).isEqualTo(Code.TRUNCATED);
    assertThat(letter.getMessage()).isEqualTo("the jpeg ends before its image does");
    assertThat(array(letter.getValue())).isEqualTo(message.value());
    assertThat(array(letter.getKey())).isEqualTo(message.key());
    assertThat(letter.getHeaders()).hasSize(1);
    assertThat(letter.getSource().getPartition()).isEqualTo(3);
  }

  @Test
  void aMessageThatCannotBeReadHasNoId() throws Exception {
    Refusal refusal = new Refusal(Refusal.Stage.WIRE, "WRONG_WIRE_FORMAT", "not Avro");
    DeadLetter letter =
        deadLetter(encode(WireFormat.AVRO, message("text".getBytes(UTF_8), 0), refusal, MIB));

    assertThat(letter.getId()).isNull();
    assertThat(letter.getStage()).isEqualTo(Stage.wire);
    assertThat(array(letter.getValue())).isEqualTo("text".getBytes(UTF_8));
  }

  @Test
  void aDeadLetterTooLargeForItsTopicLosesOnlyWhatItMust() throws Exception {
    KafkaMessage largeValue = message(avro("a.jpg", 3000), 0);
    DeadLetter withoutValue = deadLetter(encode(WireFormat.AVRO, largeValue, TRUNCATED, 2000));
    assertThat(withoutValue.getValue()).isNull();
    assertThat(withoutValue.getId()).isEqualTo("a.jpg");
    assertThat(withoutValue.getHeaders()).hasSize(1);
    assertThat(withoutValue.getMessage()).contains("original value left out").contains("2000");

    KafkaMessage largeHeader = message(avro("a.jpg", 3000), 3000);
    Answers answers = encode(WireFormat.AVRO, largeHeader, TRUNCATED, 2000);
    assertThat(deadLetter(answers).getHeaders()).isEmpty();
    assertThat(answers.deadLetters.get(0).headers()).isEmpty();
    assertThat(array(deadLetter(answers).getKey())).isEqualTo("key".getBytes(UTF_8));

    KafkaMessage largeKey =
        new KafkaMessage(new byte[3000], new byte[] {1}, List.of(), "images", 3, 42, 1234);
    Answers bare = encode(WireFormat.RAW, largeKey, TRUNCATED, 2000);
    assertThat(deadLetter(bare).getKey()).isNull();
    assertThat(bare.deadLetters.get(0).key()).isNull();
    assertThat(MessageSizes.upperBound(bare.deadLetters.get(0))).isLessThan(2000);
  }

  @Test
  void anEmbeddingTooLargeForItsTopicBecomesADeadLetter() throws Exception {
    Answers answers = encode(WireFormat.AVRO, message(avro("a.jpg", 10), 9000), EMBEDDING, 9000);

    assertThat(answers.embeddings).isEmpty();
    assertThat(deadLetter(answers).getStage()).isEqualTo(Stage.store);
    assertThat(deadLetter(answers).getCode()).isEqualTo(Code.RECORD_TOO_LARGE);
  }

  @Test
  void everyReasonOfTheOperatorHasASymbolInTheSchema() {
    List<String> stages = Stream.of(Stage.values()).map(Stage::name).toList();
    List<String> codes = Stream.of(Code.values()).map(Code::name).toList();

    for (Refusal.Stage stage : Refusal.Stage.values()) {
      assertThat(stages).contains(stage.name().toLowerCase(Locale.ROOT));
    }
    for (UndecodableImageException.Fault fault : UndecodableImageException.Fault.values()) {
      assertThat(codes).contains(fault.name());
    }
    assertThat(codes).contains(Refusal.MODEL_FAILED, Refusal.WRONG_LENGTH, Refusal.NOT_FINITE);
  }

  @Test
  void whereNoEmbeddingFitsTheTaskFailsAsTheSubmissionDoes() {
    for (WireFormat output : List.of(WireFormat.AVRO, WireFormat.JSON)) {
      WireSettings wire = new WireSettings(WireFormat.AVRO, output, null, null);
      int needed = wire.bytesOfAnEmbedding(1280);
      Operators operators =
          new Operators(wire, "embeddings", topic -> new TopicSettings(needed - 1, false));

      assertThatThrownBy(
              () -> encode(operators, new Embedded<>(message(avro("a.jpg", 10), 0), EMBEDDING)))
          .isInstanceOf(KafkaSetupException.class)
          .hasMessageContaining("topic 'embeddings' takes messages up to " + (needed - 1))
          .hasMessageContaining("1280 features needs about " + needed);
    }
  }

  @Test
  void onACompactedTopicAMessageWithoutAKeyGetsItsIdAsKey() throws Exception {
    KafkaMessage keyless =
        new KafkaMessage(null, avro("ä.jpg", 10), List.of(), "images", 3, 42, 1234);
    Answers compacted =
        encode(
            encoder(
                WireFormat.AVRO,
                "embeddings",
                topic -> new TopicSettings(MIB, topic.equals("embeddings"))),
            new Embedded<>(keyless, EMBEDDING));
    Answers deleted = encode(WireFormat.AVRO, keyless, EMBEDDING, MIB);

    assertThat(compacted.embeddings.get(0).key()).isEqualTo("ä.jpg".getBytes(UTF_8));
    assertThat(deleted.embeddings.get(0).key()).isNull();
  }

  @Test
  void aTopicOfDeadLettersThatForgetsThemIsRefused() {
    TopicSettings.Lookup topics = topic -> new TopicSettings(MIB, topic.equals("dead"));

    assertThatThrownBy(
            () ->
                encode(
                    encoder(WireFormat.AVRO, "embeddings", topics),
                    new Embedded<>(message(avro("a.jpg", 10), 0), EMBEDDING)))
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining("topic 'dead' is compacted")
        .hasMessageContaining("allowed for dead letters: delete");
  }

  @Test
  void aCodeThatTheSchemaDoesNotKnowIsOther() throws Exception {
    DeadLetter letter =
        deadLetter(
            encode(
                WireFormat.AVRO,
                message(avro("a.jpg", 10), 0),
                new Refusal(Refusal.Stage.IMAGE, "NEVER_HEARD_OF", "because"),
                MIB));

    assertThat(letter.getCode()).isEqualTo(Code.OTHER);
    assertThat(letter.getMessage()).isEqualTo("because");
  }

  @Test
  void aKeyWithoutAValueIsATombstone() throws Exception {
    Answers answers = encode(encoder(WireFormat.AVRO, "embeddings"), deletion("a.jpg"));

    assertThat(answers.deadLetters).isEmpty();
    EmbeddedMessage answer = answers.all.get(0);
    assertThat(answer.id()).isEqualTo("a.jpg");
    assertThat(answer.embedding()).isEmpty();
    OutgoingMessage sent = answers.embeddings.get(0);
    assertThat(sent.key()).isEqualTo("a.jpg".getBytes(UTF_8));
    assertThat(sent.value()).isNull();
    assertThat(sent.headers())
        .extracting(KafkaHeader::key)
        .containsExactly("trace", SourceHeader.KEY);
    assertThat(SourceHeader.read(sent.headers().get(1).value()))
        .contains(new SourcePosition("images", 3, 42, 1234));
  }

  @Test
  void aKeyThatIsNoIdDeletesNothing() throws Exception {
    for (byte[] key : new byte[][] {null, {}, {(byte) 0xff, 1}, {0, 0, 0, 7}}) {
      KafkaMessage message = new KafkaMessage(key, null, List.of(), "images", 3, 42, 1234);
      Answers answers =
          encode(
              encoder(WireFormat.RAW, "embeddings"),
              new Embedded<>(message, new Refusal(Refusal.Stage.WIRE, "NULL_VALUE", "no value")));

      assertThat(answers.all).isEmpty();
      assertThat(deadLetter(answers).getCode()).isEqualTo(Code.NULL_VALUE);
    }
  }

  @Test
  void withoutAnOutputTopicEmbeddingsAreNotEncodedAndDeadLettersAre() throws Exception {
    Operators encoder = encoder(WireFormat.AVRO, null);
    Answers embedded = encode(encoder, new Embedded<>(message(avro("a.jpg", 10), 0), EMBEDDING));
    assertThat(embedded.embeddings).isEmpty();
    assertThat(embedded.all.get(0).embedding().orElseThrow().id()).isEqualTo("a.jpg");
    Answers deleted = encode(encoder, deletion("a.jpg"));
    assertThat(deleted.all).hasSize(1);
    assertThat(deleted.embeddings).isEmpty();
    assertThat(
            deadLetter(encode(encoder, new Embedded<>(message(avro("a.jpg", 10), 0), TRUNCATED)))
                .getCode())
        .isEqualTo(Code.TRUNCATED);
  }

  private static Embedded<KafkaMessage> deletion(String key) {
    return new Embedded<>(
        new KafkaMessage(
            key.getBytes(UTF_8),
            null,
            List.of(
                new KafkaHeader("trace", new byte[] {1}),
                new KafkaHeader(SourceHeader.KEY, new byte[] {2})),
            "images",
            3,
            42,
            1234),
        new Refusal(Refusal.Stage.WIRE, "NULL_VALUE", "the message has no value"));
  }

  private static final class Answers {
    private final List<EmbeddedMessage> all = new ArrayList<>();
    private final List<OutgoingMessage> embeddings = new ArrayList<>();
    private final List<OutgoingMessage> deadLetters = new ArrayList<>();
  }

  private static Answers encode(
      WireFormat input, KafkaMessage message, Outcome outcome, int maxBytes) throws Exception {
    return encode(
        encoder(input, "embeddings", topic -> new TopicSettings(maxBytes, false)),
        new Embedded<>(message, outcome));
  }

  /** What makes an answer, and what encodes it. */
  private record Operators(WireSettings wire, String outputTopic, TopicSettings.Lookup topics) {}

  private static Operators encoder(WireFormat input, String outputTopic) {
    return encoder(input, outputTopic, topic -> new TopicSettings(MIB, false));
  }

  private static Operators encoder(
      WireFormat input, String outputTopic, TopicSettings.Lookup topics) {
    return new Operators(new WireSettings(input, WireFormat.AVRO, null, null), outputTopic, topics);
  }

  private static Answers encode(Operators operators, Embedded<KafkaMessage> answer)
      throws Exception {
    Answers answers = new Answers();
    try (var harness =
        new OneInputStreamOperatorTestHarness<Embedded<KafkaMessage>, EmbeddedMessage>(
            new ProcessOperator<>(
                new OutputEncoder(
                    operators.wire, operators.outputTopic, "dead", operators.topics)))) {
      harness.open();
      harness.processElement(new StreamRecord<>(answer));
      answers.all.addAll(harness.extractOutputValues());
      var side = harness.getSideOutput(OutputEncoder.DEAD_LETTERS);
      if (side != null) {
        side.forEach(record -> answers.deadLetters.add(record.getValue()));
      }
    }
    try (var harness =
        new OneInputStreamOperatorTestHarness<EmbeddedMessage, OutgoingMessage>(
            new ProcessOperator<>(
                new OutputSender(
                    operators.wire, operators.outputTopic, "dead", operators.topics)))) {
      harness.open();
      for (EmbeddedMessage each : answers.all) {
        harness.processElement(new StreamRecord<>(each));
      }
      answers.embeddings.addAll(harness.extractOutputValues());
      assertThat(harness.getSideOutput(OutputEncoder.DEAD_LETTERS)).isNull();
    }
    return answers;
  }

  private static DeadLetter deadLetter(Answers answers) throws Exception {
    assertThat(answers.deadLetters).hasSize(1);
    return RecordReader.deadLetters(WireFormat.AVRO, null).read(answers.deadLetters.get(0).value());
  }

  private static KafkaMessage message(byte[] value, int headerBytes) {
    byte[] header = headerBytes == 0 ? new byte[] {1} : new byte[headerBytes];
    return new KafkaMessage(
        "key".getBytes(UTF_8),
        value,
        List.of(new KafkaHeader("trace", header)),
        "images",
        3,
        42,
        1234);
  }

  private static byte[] avro(String id, int imageBytes) {
    return SampleRecords.image(id, new byte[imageBytes], Map.of("camera", "x"));
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
