// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.Embedded;
import io.imageembedding.schema.ImageRecord;
import io.imageembedding.schema.WireFormat;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the schema registry is asked on the way of a message, and when. */
class ReadOnceTest {
  private static final String READ = "GET /schemas/ids/1";
  private static final String EMBEDDINGS = "POST /subjects/embeddings-value/versions";
  private static final String DEAD_LETTERS = "POST /subjects/dead-value/versions";

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private HttpServer registry;
  private WireSettings wire;

  @BeforeEach
  void start() throws Exception {
    registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String schema =
        new ObjectMapper().writeValueAsString(Map.of("schema", ImageRecord.SCHEMA$.toString()));
    registry.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath());
          exchange.getRequestBody().readAllBytes();
          boolean reads = exchange.getRequestMethod().equals("GET");
          byte[] body = (reads ? schema : "{\"id\":2}").getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    registry.start();
    wire =
        new WireSettings(
            WireFormat.CONFLUENT_AVRO,
            WireFormat.CONFLUENT_AVRO,
            "http://127.0.0.1:" + registry.getAddress().getPort(),
            null);
  }

  @AfterEach
  void stop() {
    registry.stop(0);
  }

  @Test
  void whatTheExtractorHasReadNobodyReadsAgain() throws Exception {
    Outcome embedding =
        new Embedding(
            new float[16],
            new ImageInfo("jpeg", 640, 427),
            new Provenance("m", "ab".repeat(32), "fp32", "way", "cd".repeat(32)));
    KafkaMessage read = extracted(message(new byte[] {1}));
    try (var harness = answers()) {
      harness.processElement(new StreamRecord<>(new Embedded<>(read, embedding)));
      harness.processElement(new StreamRecord<>(new Embedded<>(read, refusal())));

      EmbeddedMessage answer = harness.extractOutputValues().get(0);
      assertThat(answer.id()).isEqualTo("a.jpg");
      assertThat(answer.embedding().orElseThrow().attributes()).isEqualTo(Map.of("camera", "x"));
      assertThat(harness.getSideOutput(OutputEncoder.DEAD_LETTERS)).hasSize(1);
    }
    assertThat(asked).containsOnlyOnce(READ);
  }

  @Test
  void aRecordWithoutAnImageIsReadOnceToo() throws Exception {
    KafkaMessage read = extracted(message(null));
    try (var harness = answers()) {
      harness.processElement(new StreamRecord<>(new Embedded<>(read, refusal())));
      assertThat(harness.getSideOutput(OutputEncoder.DEAD_LETTERS)).hasSize(1);
    }
    assertThat(asked).containsOnlyOnce(READ);
  }

  @Test
  void bytesForTheTopicAreMadeBehindTheStore() throws Exception {
    Outcome embedding =
        new Embedding(
            new float[16],
            new ImageInfo("jpeg", 640, 427),
            new Provenance("m", "ab".repeat(32), "fp32", "way", "cd".repeat(32)));
    EmbeddedMessage answer;
    try (var harness = answers()) {
      harness.processElement(
          new StreamRecord<>(new Embedded<>(extracted(message(new byte[] {1})), embedding)));
      answer = harness.extractOutputValues().get(0);
    }
    // Bytes begin with the id of their schema, for which nobody has asked yet.
    assertThat(asked).contains(DEAD_LETTERS).doesNotContain(EMBEDDINGS);

    try (var harness =
        new OneInputStreamOperatorTestHarness<EmbeddedMessage, OutgoingMessage>(
            new ProcessOperator<>(
                new OutputSender(
                    wire, "embeddings", "dead", topic -> new TopicSettings(1 << 20, false))))) {
      harness.open();
      assertThat(asked).containsOnlyOnce(EMBEDDINGS);
      harness.processElement(new StreamRecord<>(answer));
      assertThat(harness.extractOutputValues().get(0).value()).startsWith(0, 0, 0, 0, 2);
    }
  }

  private OneInputStreamOperatorTestHarness<Embedded<KafkaMessage>, EmbeddedMessage> answers()
      throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<Embedded<KafkaMessage>, EmbeddedMessage>(
            new ProcessOperator<>(
                new OutputEncoder(
                    wire, "embeddings", "dead", topic -> new TopicSettings(1 << 20, false))));
    harness.open();
    return harness;
  }

  /** The message as it goes on behind the extractor. */
  private KafkaMessage extracted(KafkaMessage message) throws Exception {
    MessageImageExtractor extractor = new MessageImageExtractor(wire);
    extractor.open();
    try {
      extractor.image(message);
    } catch (ElementRefusedException e) {
      assertThat(e.code()).isEqualTo("MISSING_IMAGE");
    }
    return extractor.read(message);
  }

  private static Refusal refusal() {
    return new Refusal(Refusal.Stage.IMAGE, "TRUNCATED", "the jpeg ends before its image does");
  }

  private static KafkaMessage message(byte[] image) throws Exception {
    ByteBuffer single =
        ImageRecord.getEncoder()
            .encode(
                new ImageRecord(
                    "a.jpg",
                    image == null ? null : ByteBuffer.wrap(image),
                    null,
                    null,
                    Map.of("camera", "x")));
    single.position(single.position() + 10);
    byte[] value =
        ByteBuffer.allocate(5 + single.remaining()).put((byte) 0).putInt(1).put(single).array();
    return new KafkaMessage(null, value, List.of(), "images", 3, 42, 1234);
  }
}
