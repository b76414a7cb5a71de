// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.Embed;
import io.imageembedding.safety.FreePort;
import io.imageembedding.vectorstore.postgres.TestingPostgres;
import io.imageembedding.vectorstore.postgres.TestingTls;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job that needs passwords for everything, and what can be seen of it: no place shows any of
 * them, neither while it runs nor where it fails.
 */
@Timeout(value = 8, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SecretsITCase {
  private static final String KAFKA = "planted-of-kafka-7f3a";
  private static final String TRUST = "planted-of-truststore-7f3a";
  private static final String DATABASE = "planted-of-database-7f3a";
  private static final String WRONG = "planted-but-wrong-7f3a";
  private static final String VARIABLE = "IT_KAFKA_PASSWORD";
  private static final Pattern PLANTED = Pattern.compile("planted-[a-z-]+7f3a");

  @TempDir static Path folder;

  private static EmbeddedKafka kafka;
  private static TestingPostgres postgres;
  private static TestingTls tls;
  private static TestTopics topics;
  private static int guarded;

  @BeforeAll
  static void start() throws Exception {
    Path keys = folder.resolve("broker.p12");
    keytool(
        keys,
        "-genkeypair",
        "-keyalg",
        "RSA",
        "-dname",
        "CN=localhost",
        "-ext",
        "SAN=dns:localhost");
    Path certificate = folder.resolve("broker.crt");
    keytool(keys, "-exportcert", "-rfc", "-file", certificate.toString());
    keytool(
        folder.resolve("trusted.p12"), "-importcert", "-noprompt", "-file", certificate.toString());
    int port = FreePort.find();
    int controller = FreePort.find();
    guarded = FreePort.find();
    Map<String, String> settings = new HashMap<>();
    settings.put(
        "listeners",
        "PLAINTEXT://127.0.0.1:%d,GUARDED://localhost:%d,CONTROLLER://127.0.0.1:%d"
            .formatted(port, guarded, controller));
    settings.put(
        "advertised.listeners",
        "PLAINTEXT://127.0.0.1:%d,GUARDED://localhost:%d".formatted(port, guarded));
    settings.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
    settings.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,GUARDED:SASL_SSL,CONTROLLER:PLAINTEXT");
    settings.put("sasl.enabled.mechanisms", "PLAIN");
    settings.put(
        "listener.name.guarded.plain.sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required user_it=\"%s\";"
            .formatted(KAFKA));
    settings.put("listener.name.guarded.ssl.keystore.location", keys.toString());
    settings.put("listener.name.guarded.ssl.keystore.password", TRUST);
    kafka = EmbeddedKafka.start(folder.resolve("broker"), port, settings);
    topics = new TestTopics(kafka.bootstrapServers(), 2);
    postgres = TestingPostgres.start();
    URI server = URI.create(postgres.address());
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres?user=test");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION vector");
      statement.execute("CREATE ROLE guarded SUPERUSER LOGIN PASSWORD '" + DATABASE + "'");
    }
    tls = new TestingTls(folder, "localhost", server.getPort());
  }

  @BeforeEach
  void forget() throws IOException {
    Files.deleteIfExists(folder.resolve("said"));
  }

  private static void keytool(Path keys, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("-keystore", keys.toString(), "-storepass", TRUST, "-alias", "it"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
    assertThat(process.waitFor()).as(said).isZero();
  }

  @AfterAll
  static void stop() throws Exception {
    try (AutoCloseable server = postgres;
        AutoCloseable proxy = tls) {
      if (kafka != null) {
        kafka.close();
      }
    }
  }

  /** Options in a file, as they do not stand on the command line of a careful person either. */
  private Path configuration(String databasePassword) throws IOException {
    Path secrets = folder.resolve("secrets.properties");
    Files.writeString(secrets, "truststore=" + TRUST + "\n");
    Path password = Files.writeString(folder.resolve("database"), databasePassword + "\n");
    String client = "image-embedding.kafka.properties.";
    Map<String, String> options = new LinkedHashMap<>(topics.options());
    options.put("pipeline.name", "guarded");
    options.put("execution.checkpointing.dir", "kept");
    options.put("restart-strategy.type", "none");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("image-embedding.kafka.bootstrap-servers", "localhost:" + guarded);
    options.put(client + "security.protocol", "SASL_SSL");
    options.put(client + "sasl.mechanism", "PLAIN");
    options.put(
        client + "sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"it\""
            + " password=\"${env:"
            + VARIABLE
            + "}\";");
    options.put(client + "ssl.truststore.location", folder.resolve("trusted.p12").toString());
    options.put(client + "ssl.truststore.password", "${file:" + secrets + ":truststore}");
    options.put(
        "image-embedding.store.address",
        "postgresql://guarded@localhost:%d/postgres?table=photos&sslmode=verify-full&sslrootcert=%s&password-file=%s"
            .formatted(tls.port(), tls.certificate(), password));
    StringBuilder yaml = new StringBuilder();
    options.forEach(
        (key, value) ->
            yaml.append(key).append(": '").append(value.replace("'", "''")).append("'\n"));
    return Files.writeString(folder.resolve("job.yaml"), yaml);
  }

  private Process embed(String password, String... arguments) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                JavaProcess.command(
                    List.of(
                        "-Dlog4j2.configurationFile="
                            + JavaProcess.project()
                                .resolve("jobs/cli/src/main/resources/log4j2.xml")),
                    Embed.class,
                    List.of(arguments)))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("said").toFile()));
    builder.environment().put(VARIABLE, password);
    return builder.start();
  }

  private String said() throws IOException {
    Path file = folder.resolve("said");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  @Test
  void noPlaceShowsASecretWhileAJobRunsAndWhereItFails() throws Exception {
    topics.publish(0, 20, 10);
    Map<String, String> seen = new LinkedHashMap<>();
    String file = configuration(DATABASE).toString();
    Process job = embed(KAFKA, "job", "--config", file, "--verbose");
    try {
      Awaitility.await()
          .atMost(Duration.ofMinutes(3))
          .until(
              () ->
                  topics.committed(topics.embeddings()).size() == 18
                          && topics.committed(topics.deadLetters()).size() == 2
                      || !job.isAlive());
      assertThat(job.isAlive()).as(said()).isTrue();
      Matcher page = Pattern.compile("Flink's page: (http://\\S+)").matcher(said());
      assertThat(page.find()).isTrue();
      seeFlink(URI.create(page.group(1)), seen);
      seen.put("arguments", Files.readString(Path.of("/proc/" + job.pid() + "/cmdline")));
      for (String topic : List.of(topics.embeddings(), topics.deadLetters())) {
        topics
            .committed(topic)
            .forEach(message -> seen.merge(topic, text(message), String::concat));
      }
    } finally {
      job.destroy();
      assertThat(job.waitFor(2, TimeUnit.MINUTES)).isTrue();
    }
    seen.put("log", said());
    seen.put("checkpoints", contents(folder.resolve("kept")));

    assertThat(seen.get("/jobmanager/config")).contains("trusted.p12", "table=photos");
    assertThat(seen.get("log")).contains("Flink's page: ");
    assertThat(seen.get("/metrics")).contains("imagesIn");
    assertNoSecretIn(seen);
    assertThat(Files.getPosixFilePermissions(folder.resolve("kept"))).hasSize(3);
  }

  @Test
  void aFailureOfASecretNamesWhatRefusedItAndNotTheSecret() throws Exception {
    Path said = folder.resolve("said");
    Process kafkas = embed(WRONG, "job", "--config", configuration(DATABASE).toString());
    assertThat(kafkas.waitFor(3, TimeUnit.MINUTES)).isTrue();
    assertThat(said()).contains("uthentication");
    assertNoSecretIn(Map.of("Kafka's refusal", said()));
    Files.delete(said);

    Process database =
        embed(KAFKA, "job", "--config", configuration(WRONG).toString(), "--verbose");
    assertThat(database.waitFor(3, TimeUnit.MINUTES)).isTrue();
    assertThat(said()).contains("password authentication failed");
    assertNoSecretIn(Map.of("the database's refusal", said()));
    Files.delete(said);

    Process doctor = embed(KAFKA, "doctor", "--config", configuration(DATABASE).toString());
    assertThat(doctor.waitFor(3, TimeUnit.MINUTES)).isTrue();
    assertNoSecretIn(Map.of("the doctor", said()));
  }

  private static void assertNoSecretIn(Map<String, String> seen) {
    assertThat(seen)
        .allSatisfy(
            (place, text) ->
                assertThat(PLANTED.matcher(text).results().map(found -> found.group()).toList())
                    .as(place)
                    .isEmpty());
  }

  private static String text(
      org.apache.kafka.clients.consumer.ConsumerRecord<byte[], byte[]> message) {
    StringBuilder text = new StringBuilder(new String(message.value(), ISO_8859_1));
    message
        .headers()
        .forEach(
            header -> text.append(header.key()).append(new String(header.value(), ISO_8859_1)));
    return text.toString();
  }

  private static String contents(Path root) throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        all.append(new String(Files.readAllBytes(file), ISO_8859_1));
      }
    }
    return all.toString();
  }

  /** Everything that Flink's page is made of. */
  private static void seeFlink(URI page, Map<String, String> seen) throws Exception {
    ObjectMapper json = new ObjectMapper();
    List<String> vertices = new ArrayList<>();
    List<String> paths = new ArrayList<>();
    paths.addAll(
        List.of(
            "/config",
            "/overview",
            "/jobmanager/config",
            "/jobmanager/environment",
            "/jobmanager/metrics",
            "/jobmanager/logs",
            "/jobmanager/thread-dump",
            "/taskmanagers",
            "/jobs/overview",
            "/jobs/metrics"));
    String job =
        json.readTree(get(page, "/jobs/overview")).path("jobs").path(0).path("jid").asText();
    for (String path :
        List.of(
            "",
            "/config",
            "/exceptions",
            "/plan",
            "/jobmanager/config",
            "/jobmanager/environment",
            "/accumulators",
            "/checkpoints",
            "/checkpoints/config",
            "/metrics")) {
      paths.add("/jobs/" + job + path);
    }
    for (JsonNode vertex : json.readTree(get(page, "/jobs/" + job)).path("vertices")) {
      String below = "/jobs/" + job + "/vertices/" + vertex.path("id").asText();
      paths.add(below);
      paths.add(below + "/taskmanagers");
      paths.add(below + "/subtasks/0/metrics");
      vertices.add(below + "/subtasks/0/metrics");
    }
    // Flink collects them once they are asked for.
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              StringBuilder names = new StringBuilder();
              for (String path : vertices) {
                names.append(get(page, path));
              }
              seen.put("/metrics", names.toString());
              return names.indexOf("imagesIn") >= 0;
            });
    for (String path : paths) {
      String answer = get(page, path);
      assertThat(answer).as(path).isNotNull();
      seen.put(path, answer);
    }
  }

  private static String get(URI page, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(page.resolve(path)).build(), BodyHandlers.ofString())
        .body();
  }
}
