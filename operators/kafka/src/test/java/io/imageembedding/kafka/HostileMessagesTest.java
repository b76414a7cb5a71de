// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.Embedded;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.ImageRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.testkit.SampleRecords;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages of somebody who means no good, through what finds images and what encodes answers. */
@Timeout(300)
class HostileMessagesTest {
  private static final Embedding EMBEDDING =
      new Embedding(
          new float[16],
          new ImageInfo("jpeg", 640, 427),
          new Provenance("m", "ab".repeat(32), "fp32", "way", "cd".repeat(32)));
  private static final int MIB = 1 << 20;
  private static final String FIELDS =
      "{'name':'id','type':'string'},{'name':'image','type':'bytes'}";
  private static final Map<Integer, String> SCHEMAS =
      Map.of(
          1, FIELDS + ",{'name':'capturedAt','type':'string'}",
          2, FIELDS + ",{'name':'attributes','type':{'type':'map','values':['null','string']}}",
          3, FIELDS + ",{'name':'attributes','type':'ImageRecord'}",
          4, FIELDS + ",{'name':'attributes','type':{'type':'map','values':'bytes'}}");

  private static HttpServer registry;

  @BeforeAll
  static void start() throws IOException {
    registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    registry.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          String fields = SCHEMAS.get(Integer.valueOf(path.replace("/schemas/ids/", "")));
          byte[] body =
              ("{\"schema\":\"{'type':'record','name':'ImageRecord','namespace':"
                      + "'io.imageembedding.schema','fields':["
                      + fields
                      + "]}\"}")
                  .replace("'", "\\\"")
                  .getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    registry.start();
  }

  @AfterAll
  static void stop() {
    registry.stop(0);
  }

  private static WireSettings wire(WireFormat input, WireFormat output) {
    return new WireSettings(
        input, output, "http://127.0.0.1:" + registry.getAddress().getPort(), null);
  }

  @ParameterizedTest
  @EnumSource(
      value = WireFormat.class,
      names = {"AVRO", "JSON"})
  void everyMessageIsAnsweredOnceAndTheTaskGoesOn(WireFormat output) throws Exception {
    for (WireFormat input : List.of(WireFormat.RAW, WireFormat.AVRO, WireFormat.CONFLUENT_AVRO)) {
      for (KafkaMessage message : hostile()) {
        Answers answers = answer(wire(input, output), message, EMBEDDING);
        assertThat(answers.sent.size() + answers.deadLetters.size()).isEqualTo(1);
        answers.deadLetters.forEach(
            letter -> assertThat(MessageSizes.upperBound(letter)).isLessThanOrEqualTo(MIB));
        answers.sent.forEach(
            sent -> assertThat(MessageSizes.upperBound(sent)).isLessThanOrEqualTo(MIB));
      }
    }
  }

  private static List<KafkaMessage> hostile() throws IOException {
    Map<String, String> many = new HashMap<>();
    for (int i = 0; i < 50_000; i++) {
      many.put("k" + i, "");
    }
    List<byte[]> values = new ArrayList<>();
    values.add(null);
    values.add(new byte[0]);
    values.add(new byte[] {0});
    values.add("text".getBytes(UTF_8));
    values.add(new byte[] {(byte) 0xc3, 1, 0, 0, 0, 0, 0, 0, 0, 0});
    values.add(avro("a", null, Map.of()));
    values.add(avro("", null, Map.of()));
    values.add(avro("a\0b", null, Map.of()));
    values.add(avro("a", Instant.ofEpochMilli(Long.MIN_VALUE), Map.of()));
    values.add(avro("a", Instant.ofEpochMilli(Long.MAX_VALUE), Map.of("", "\0\u0007")));
    values.add(avro("x".repeat(100_000), null, Map.of()));
    values.add(avro("a", null, many));
    byte[] badText = avro("abc", null, Map.of("k", "v"));
    badText[11] = (byte) 0xed;
    badText[12] = (byte) 0xa0;
    badText[13] = (byte) 0x80;
    values.add(badText);
    for (int id = 1; id <= SCHEMAS.size(); id++) {
      values.add(framed(id, 2, 'a', 4, 1, 2, 2, 2, 'k', 2, 0xff, 0));
      values.add(framed(id, 2, 'a', 4, 1, 2, 0));
    }
    values.add(framed(-1, 2, 'a', 4, 1, 2));
    byte[] image = avro("a", null, Map.of());
    List<KafkaMessage> all = new ArrayList<>();
    for (byte[] value : values) {
      for (long timestamp : new long[] {-1, 0, Long.MAX_VALUE, Long.MIN_VALUE}) {
        all.add(new KafkaMessage(null, value, List.of(), "t", 0, 0, timestamp));
      }
    }
    for (byte[] value : new byte[][] {image, null}) {
      all.add(new KafkaMessage(new byte[0], value, List.of(), "t", 0, 0, 0));
      all.add(new KafkaMessage(new byte[] {0, 1}, value, List.of(), "t", 0, 0, 0));
      all.add(new KafkaMessage(new byte[] {(byte) 0xff}, value, List.of(), "t", 0, 0, 0));
      all.add(new KafkaMessage(new byte[MIB - 200], value, List.of(), "t", 0, 0, 0));
      all.add(new KafkaMessage("a".getBytes(UTF_8), value, flood(), "t", 0, 0, 0));
      all.add(
          new KafkaMessage(
              "a".getBytes(UTF_8),
              value,
              List.of(
                  new KafkaHeader("", null),
                  new KafkaHeader("\0\ufffd".repeat(1000), new byte[MIB - 10_000])),
              "t",
              0,
              0,
              0));
    }
    return all;
  }

  private static List<KafkaHeader> flood() {
    return Collections.nCopies(300_000, new KafkaHeader("", null));
  }

  @Test
  void aSchemaThatFitsTheImageAloneIsUnknownThroughout() throws Exception {
    for (int id = 1; id <= 3; id++) {
      KafkaMessage message =
          new KafkaMessage(null, framed(id, 2, 'a', 4, 1, 2, 0), List.of(), "t", 0, 0, 0);
      WireSettings wire = wire(WireFormat.CONFLUENT_AVRO, WireFormat.AVRO);

      DeadLetter letter = deadLetter(answer(wire, message, EMBEDDING));
      assertThat(letter.getStage()).isEqualTo(Stage.wire);
      assertThat(letter.getCode()).isEqualTo(Code.UNKNOWN_SCHEMA);
      assertThat(letter.getValue()).isEqualTo(ByteBuffer.wrap(message.value()));

      // Even if the image was found, by a task that has seen another schema.
      DeadLetter late = deadLetter(encode(wire, new Embedded<>(message, EMBEDDING)));
      assertThat(late.getStage()).isEqualTo(Stage.wire);
      assertThat(late.getCode()).isEqualTo(Code.UNKNOWN_SCHEMA);
    }
  }

  @Test
  void aFloodOfHeadersIsRefusedAndItsDeadLetterKeepsKeyAndValue() throws Exception {
    byte[] value = avro("a", null, Map.of());
    byte[] key = "k".getBytes(UTF_8);
    Answers answers =
        answer(
            wire(WireFormat.AVRO, WireFormat.AVRO),
            new KafkaMessage(key, value, flood(), "t", 0, 0, 0),
            EMBEDDING);

    DeadLetter letter = deadLetter(answers);
    assertThat(letter.getStage()).isEqualTo(Stage.wire);
    assertThat(letter.getCode()).isEqualTo(Code.TOO_LARGE);
    assertThat(letter.getMessage())
        .contains("300000 headers; allowed: 1000")
        .contains("original headers left out");
    assertThat(letter.getValue()).isEqualTo(ByteBuffer.wrap(value));
    assertThat(letter.getKey()).isEqualTo(ByteBuffer.wrap(key));
    assertThat(answers.deadLetters.get(0).headers()).isEmpty();

    KafkaMessage deletion = new KafkaMessage(key, null, flood(), "t", 0, 0, 0);
    assertThat(
            deadLetter(answer(wire(WireFormat.AVRO, WireFormat.AVRO), deletion, EMBEDDING))
                .getCode())
        .isEqualTo(Code.TOO_LARGE);
  }

  @Test
  void aReasonThatIsCutWithinACharacterCanBeWrittenInAnyFormat() throws Exception {
    Refusal refusal =
        new Refusal(Refusal.Stage.IMAGE, "CORRUPT", "x" + "\ud83d\ude00".repeat(2000));
    KafkaMessage message =
        new KafkaMessage(null, avro("a", null, Map.of()), List.of(), "t", 0, 0, 0);
    for (WireFormat output : List.of(WireFormat.AVRO, WireFormat.JSON)) {
      assertThat(
              encode(wire(WireFormat.AVRO, output), new Embedded<>(message, refusal)).deadLetters)
          .hasSize(1);
    }
  }

  private static final class Answers {
    private final List<OutgoingMessage> sent = new ArrayList<>();
    private final List<OutgoingMessage> deadLetters = new ArrayList<>();
  }

  /** What becomes of a message whose image is embedded, if one is found in it. */
  private static Answers answer(WireSettings wire, KafkaMessage message, Outcome embedding)
      throws Exception {
    MessageImageExtractor extractor = new MessageImageExtractor(wire);
    extractor.open();
    Outcome outcome = embedding;
    try {
      extractor.image(message);
    } catch (ElementRefusedException e) {
      outcome = new Refusal(Refusal.Stage.WIRE, e.code(), e.getMessage());
    }
    return encode(wire, new Embedded<>(extractor.read(message), outcome));
  }

  private static Answers encode(WireSettings wire, Embedded<KafkaMessage> answer) throws Exception {
    OutputEncoder encoder =
        new OutputEncoder(wire, "embeddings", "dead", topic -> new TopicSettings(MIB, false));
    Answers answers = new Answers();
    try (var harness =
        new OneInputStreamOperatorTestHarness<Embedded<KafkaMessage>, EmbeddedMessage>(
            new ProcessOperator<>(encoder))) {
      harness.open();
      harness.processElement(answer, 0);
      answers.sent.addAll(sent(wire, harness.extractOutputValues()));
      var side = harness.getSideOutput(OutputEncoder.DEAD_LETTERS);
      if (side != null) {
        side.forEach(record -> answers.deadLetters.add(record.getValue()));
      }
    }
    return answers;
  }

  private static List<OutgoingMessage> sent(WireSettings wire, List<EmbeddedMessage> answers)
      throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<EmbeddedMessage, OutgoingMessage>(
            new ProcessOperator<>(
                new OutputSender(
                    wire, "embeddings", "dead", topic -> new TopicSettings(MIB, false))))) {
      harness.open();
      for (EmbeddedMessage each : answers) {
        harness.processElement(each, 0);
      }
      return List.copyOf(harness.extractOutputValues());
    }
  }

  private static DeadLetter deadLetter(Answers answers) throws Exception {
    assertThat(answers.deadLetters).hasSize(1);
    return RecordReader.deadLetters(WireFormat.AVRO, null).read(answers.deadLetters.get(0).value());
  }

  private static byte[] avro(String id, Instant capturedAt, Map<String, String> attributes) {
    return SampleRecords.image(
        new ImageRecord(id, ByteBuffer.wrap(new byte[] {1}), null, capturedAt, attributes));
  }

  private static byte[] framed(int schemaId, int... record) {
    ByteBuffer value = ByteBuffer.allocate(5 + record.length).put((byte) 0).putInt(schemaId);
    for (int each : record) {
      value.put((byte) each);
    }
    return value.array();
  }
}
