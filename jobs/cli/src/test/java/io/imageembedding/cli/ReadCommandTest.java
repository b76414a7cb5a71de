// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.WireFormat;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ReadCommandTest {
  private static final String TOPIC = "embeddings";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private static byte[] embedding(String id) throws Exception {
    return RecordWriter.embeddings(WireFormat.AVRO, null, TOPIC)
        .write(
            new EmbeddingFields(
                id,
                new Embedding(
                    new float[] {1},
                    new ImageInfo("png", 2, 3),
                    new Provenance("m", "ab", "fp32", "way", "space")),
                new SourcePosition("images", 0, 5, 1234),
                null,
                Map.of()));
  }

  @Test
  void whatIsFollowedIsPrintedAsItComesAndDoesNotEndWithAMessageOfSomebodyElse() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Properties properties = KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of());
      try (TopicAdmin admin = new TopicAdmin(properties);
          KafkaProducer<byte[], byte[]> producer =
              new KafkaProducer<>(
                  properties, new ByteArraySerializer(), new ByteArraySerializer())) {
        admin.createIfMissing(TOPIC, 1);
        producer.send(new ProducerRecord<>(TOPIC, 0, 4321L, null, embedding("a"))).get();

        CompletableFuture<Integer> exitCode =
            CompletableFuture.supplyAsync(
                () ->
                    Embed.newCommandLine(new PrintWriter(out), new PrintWriter(err, true))
                        .execute(
                            "read",
                            "--bootstrap-servers",
                            kafka.bootstrapServers(),
                            "--topic",
                            TOPIC,
                            "--json",
                            "--follow",
                            "--max",
                            "3"));
        Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> lines().size() == 1);
        producer.send(new ProducerRecord<>(TOPIC, "no record".getBytes(UTF_8))).get();
        producer.send(new ProducerRecord<>(TOPIC, embedding("b"))).get();

        assertThat(exitCode.get(1, TimeUnit.MINUTES)).isZero();
      }
    }
    JsonNode first = new ObjectMapper().readTree(lines().get(0));
    assertThat(first.get("vectorSpace").asText()).isEqualTo("space");
    assertThat(first.at("/model/preprocessing").asText()).isEqualTo("way");
    assertThat(first.at("/source/timestamp").asLong()).isEqualTo(1234);
    assertThat(first.get("timestamp").asLong()).isEqualTo(4321);
    assertThat(lines()).hasSize(2).last().asString().startsWith("{\"id\":\"b\"");
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("message embeddings-0-1 is no embedding and no dead letter in avro: ");
  }

  private List<String> lines() {
    return out.toString().lines().toList();
  }
}
