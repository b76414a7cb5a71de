// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On a real broker. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DoctorCommandTest {
  private static EmbeddedKafka kafka;

  @TempDir Path folder;

  private final Map<String, String> options = new LinkedHashMap<>();

  private record Ended(int exitCode, String out, String err) {
    JsonNode row(String check) throws IOException {
      for (JsonNode row : new ObjectMapper().readTree(out).get("checks")) {
        if (row.get("check").asText().equals(check)) {
          return row;
        }
      }
      throw new AssertionError("no row " + check + " in " + out);
    }

    String status(String check) throws IOException {
      return row(check).get("status").asText();
    }
  }

  @BeforeAll
  static void start() throws Exception {
    kafka = EmbeddedKafka.start();
    try (Admin admin =
        Admin.create(KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of()))) {
      admin
          .createTopics(
              List.of(
                  topic("images", Map.of()),
                  topic("embeddings", Map.of()),
                  topic("dead-letters", Map.of()),
                  topic("compacted", Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "compact")),
                  topic("large", Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "9000000")),
                  topic("small", Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "3000"))))
          .all()
          .get();
    }
  }

  private static NewTopic topic(String name, Map<String, String> configs) {
    return new NewTopic(name, 2, (short) 1).configs(configs);
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  private Ended doctor(String... more) {
    List<String> arguments = new ArrayList<>(List.of("doctor"));
    options.forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    arguments.addAll(List.of(more));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Embed.newCommandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments.toArray(String[]::new));
    return new Ended(exitCode, out.toString(), err.toString());
  }

  private void soundJob() {
    options.put("image-embedding.kafka.bootstrap-servers", kafka.bootstrapServers());
    options.put("image-embedding.kafka.input.topic", "images");
    options.put("image-embedding.kafka.output.topic", "embeddings");
    options.put("image-embedding.kafka.dead-letter.topic", "dead-letters");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("image-embedding.store.address", "lucene:" + folder.resolve("store"));
    options.put("parallelism.default", "2");
    options.put("execution.checkpointing.dir", folder.resolve("checkpoints").toString());
  }

  @Test
  void withoutOptionsOfAJobThisMachineIsLookedAt() throws IOException {
    Ended people = doctor();
    assertThat(people.exitCode()).as(people.out()).isZero();
    assertThat(people.out().lines().toList())
        .anyMatch(line -> line.matches("ok +natives +TensorFlow 2\\..*"))
        .anyMatch(line -> line.matches("(ok|warning) +open files +\\d+ at most"))
        .last()
        .asString()
        .contains(" as they should be, ", ", 0 failed, 0 skipped");
    assertThat(doctor("--json").out()).doesNotContain("\"brokers\"").contains("\"healthy\":true");
  }

  @Test
  void ofAJobThatCanRunEverythingIsGoodAndNothingIsMade() throws IOException {
    soundJob();
    Ended ended = doctor("--json");

    assertThat(ended.exitCode()).as(ended.out()).isZero();
    for (String check :
        List.of(
            "options",
            "disk for checkpoints",
            "brokers",
            "topic images",
            "topic embeddings",
            "topic dead-letters",
            "message sizes",
            "partitions",
            "transactions",
            "store",
            "model",
            "vectors")) {
      assertThat(ended.status(check)).as(check).isEqualTo("ok");
    }
    assertThat(ended.row("topic images").get("found").asText())
        .isEqualTo(
            "2 partitions, cleanup.policy delete, timestamps by CreateTime, messages up to 1048588"
                + " bytes");
    assertThat(ended.row("model").get("found").asText()).contains("mobilenet_v2_0.35_96", "proven");
    assertThat(folder.resolve("store")).doesNotExist();
    assertThat(folder.resolve("checkpoints")).doesNotExist();
  }

  @Test
  void whatTheJobCouldLiveWithIsAWarningWithAdvice() throws IOException {
    soundJob();
    options.put("image-embedding.kafka.input.topic", "large");
    options.put("parallelism.default", "3");
    Ended ended = doctor("--json");

    assertThat(ended.exitCode()).isZero();
    assertThat(ended.row("partitions").toString())
        .contains("warning", "2 of large for 3 slots", "add partitions to large");
    assertThat(ended.row("message sizes").toString())
        .contains("warning", "9000000", "set max.message.bytes");
  }

  @Test
  void everyRowThatIsWrongFailsByItselfAndSaysWhatToDo() throws IOException {
    soundJob();
    options.put("image-embedding.kafka.output.topic", "nowhere");
    options.put("image-embedding.kafka.transaction-timeout", "16 min");
    options.put("image-embedding.model", folder.resolve("no-model").toString());
    options.put("image-embedding.store.address", "postgresql://127.0.0.1:1/x?table=t&user=u");
    options.put("execution.checkpointing.dir", "/proc/checkpoints");
    Ended ended = doctor("--json");

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.out()).contains("\"healthy\":false");
    assertThat(ended.status("brokers")).isEqualTo("ok");
    assertThat(ended.status("topic images")).isEqualTo("ok");
    assertThat(ended.row("topic nowhere").toString())
        .contains("failed", "topic 'nowhere' does not exist", "--create-topics");
    assertThat(ended.row("model").toString()).contains("failed", "no-model", "model verify");
    assertThat(ended.row("store").toString()).contains("failed", "127.0.0.1:1", "store.address");
    assertThat(ended.row("disk for checkpoints").toString()).contains("failed", "/proc");
    assertThat(ended.row("vectors").toString()).contains("skipped", "not asked, because of");

    options.put("image-embedding.kafka.output.topic", "embeddings");
    options.put("image-embedding.kafka.dead-letter.topic", "compacted");
    assertThat(doctor("--json").row("topic compacted").toString())
        .contains("failed", "is compacted (cleanup.policy)", "is for no dead letters");

    options.put("image-embedding.kafka.dead-letter.topic", "dead-letters");
    assertThat(doctor("--json").row("transactions").toString())
        .contains("failed", "transaction-timeout", "at most the brokers'");
  }

  @Test
  void vectorsThatTopicOrStoreDoNotTakeFail() throws IOException {
    soundJob();
    options.put("image-embedding.kafka.output.topic", "small");
    assertThat(doctor("--json").row("vectors").toString())
        .contains("failed", "topic 'small' takes messages up to 3000 bytes");

    options.put("image-embedding.kafka.output.topic", "embeddings");
    try (VectorStore other =
        VectorStore.open(options.get("image-embedding.store.address"), OpenMode.write(0))) {
      Provenance space = new Provenance("another", "a", "fp32", "reference", "another");
      ImageMetadata image = new ImageMetadata(new ImageInfo("png", 1, 1), null, null, Map.of());
      other.upsert(List.of(new StoredVector("x", new float[] {1}, space, Version.at(1), image)));
    }
    Ended ended = doctor("--json");
    assertThat(ended.row("store").toString()).contains("ok", "1 vectors");
    assertThat(ended.row("vectors").toString())
        .contains("failed", "another", "mobilenet_v2_0.35_96", "name an empty one");
  }

  @Test
  void aBrokerThatIsNotThereFailsOnceAndWhatNeedsItIsSkipped() throws IOException {
    soundJob();
    options.put("image-embedding.kafka.bootstrap-servers", "127.0.0.1:1");
    Ended ended = doctor("--json");

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.row("brokers").toString())
        .contains("failed", "no Kafka broker answered at 127.0.0.1:1", "bootstrap-servers");
    assertThat(ended.status("topic images")).isEqualTo("skipped");
    assertThat(ended.status("transactions")).isEqualTo("skipped");
    assertThat(ended.status("model")).isEqualTo("ok");
  }

  @Test
  void aWrongOptionIsOneRow() throws IOException {
    Path config = folder.resolve("job.yaml");
    Files.writeString(config, "image-embedding.batch.max-count: 0\n");
    soundJob();
    Ended ended = doctor("--json", "--config", config.toString());

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.row("options").toString())
        .contains("failed", "image-embedding.batch.max-count: '0' is not allowed", "OPTIONS.md");
    assertThat(ended.out()).doesNotContain("\"brokers\"");
  }

  @Test
  void theRegistryIsAskedWithItsCredentialsWhichAreNotPrinted() throws IOException {
    Path credentials = folder.resolve("credentials");
    Files.writeString(credentials, "user:Pa55w0rd");
    HttpServer registry =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    registry.createContext(
        "/",
        exchange -> {
          boolean known = exchange.getRequestHeaders().containsKey("Authorization");
          byte[] body = "[\"AVRO\"]".getBytes(UTF_8);
          exchange.sendResponseHeaders(known ? 200 : 401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    registry.start();
    try {
      soundJob();
      options.put("image-embedding.kafka.output.format", "confluent-avro");
      options.put(
          "image-embedding.kafka.schema-registry.url",
          "http://127.0.0.1:" + registry.getAddress().getPort());
      assertThat(doctor("--json").row("schema registry").toString())
          .contains("failed", "answered 401", "credentials-file");

      options.put("image-embedding.kafka.schema-registry.credentials-file", credentials.toString());
      Ended ended = doctor("--json");
      assertThat(ended.status("schema registry")).isEqualTo("ok");
      assertThat(ended.out() + ended.err()).doesNotContain("Pa55w0rd");
    } finally {
      registry.stop(0);
    }
  }
}
