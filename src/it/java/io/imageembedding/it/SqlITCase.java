// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.demo.DemoImages;
import io.imageembedding.cli.demo.DemoImages.DemoImage;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The files of {@code deploy/sql}, as they are but for the addresses in them, through Flink's SQL
 * client and its gateway, on a cluster of processes whose {@code lib/} was filled as documented.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SqlITCase {
  private static final Path SQL = JavaProcess.project().resolve("deploy/sql");
  private static final Path JAR =
      JavaProcess.project().resolve("jobs/stream/target/image-embedding-job.jar");

  /** The photo of an astronaut, and its three versions; then others. */
  private static final int PHOTOS = 8;

  private static final long MINUTE = TimeUnit.MINUTES.toMillis(1);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern JOB = Pattern.compile("Job ID: ([0-9a-f]{32})");

  @TempDir Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private EmbeddedKafka kafka;
  private TestTopics topics;
  private FlinkDistribution flink;
  private ClusterProcesses cluster;

  private void start() throws Exception {
    flink = FlinkDistribution.in(folder.resolve("flink")).withSqlClient();
    try (Stream<Path> jars =
        Files.list(JavaProcess.project().resolve("src/it/target/sql-gateway"))) {
      for (Path jar : jars.toList()) {
        Files.createSymbolicLink(flink.home().resolve("lib").resolve(jar.getFileName()), jar);
      }
    }
    Ended installed =
        JavaProcess.run(
            folder,
            Map.of(),
            JavaProcess.project().resolve("deploy/install-cluster-lib.sh").toString(),
            flink.home().toString());
    assertThat(installed.exitCode()).as(installed.err()).isZero();
    cluster =
        flink.start(
            Map.of(
                "taskmanager.numberOfTaskSlots",
                "4",
                "execution.checkpointing.dir",
                folder.resolve("checkpoints").toUri().toString()));
    open.add(cluster);
    kafka = EmbeddedKafka.start();
    open.add(kafka::close);
    topics = new TestTopics(kafka.bootstrapServers(), 1);
    for (String topic : List.of("sql-embeddings", "sql-neighbours", "sql-near-duplicates")) {
      topics.create(topic);
    }
  }

  @AfterEach
  void end() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  @Test
  void theStatementsOfTheFilesDoWhatTheySay() throws Exception {
    start();
    List<DemoImage> photos = DemoImages.builtin().subList(0, PHOTOS);
    long begin = System.currentTimeMillis() / MINUTE * MINUTE - 30 * MINUTE;
    for (DemoImage photo : photos) {
      topics.send(topics.images(), photo.id(), photo.bytes(), begin);
    }
    topics.send(topics.images(), "broken.jpg", new byte[] {1, 2, 3}, begin);

    String embedding = client("embed-topic.sql");
    List<JsonNode> embedded = answers("sql-embeddings", PHOTOS + 1);
    cancel(embedding);
    assertThat(embedded)
        .allSatisfy(
            each -> {
              boolean broken = each.path("id").asText().equals("broken.jpg");
              assertThat(each.path("embedding").size()).isEqualTo(broken ? 0 : 1280);
              assertThat(each.path("error").isNull()).isEqualTo(!broken);
            });

    String filling = client("fill-store.sql");
    Awaitility.await().atMost(2, TimeUnit.MINUTES).until(() -> stored() == PHOTOS);
    cancel(filling);

    try (SqlGateway gateway = SqlGateway.start(flink.home())) {
      gateway.run("ADD JAR '" + JAR + "'");
      searchesLive(gateway, photos);
      countsNearDuplicates(gateway, begin);
      refuses(gateway);
    }
  }

  /** What README shows of it, statement by statement. */
  @Test
  void theReadmeShowsWhatIsRun() throws IOException {
    Matcher shown =
        Pattern.compile("(?s)```sql\\n(.*?)```")
            .matcher(Files.readString(JavaProcess.project().resolve("README.md")));
    assertThat(shown.find()).isTrue();
    String file = Files.readString(SQL.resolve("live-search.sql"));
    assertThat(shown.group(1).split("\\n\\n"))
        .hasSizeGreaterThan(2)
        .allSatisfy(statement -> assertThat(file).contains(statement.strip()));
  }

  private void searchesLive(SqlGateway gateway, List<DemoImage> photos) throws Exception {
    String search = gateway(gateway, "live-search.sql");
    List<JsonNode> found = answers("sql-neighbours", 3 * PHOTOS);
    cancel(search);
    for (DemoImage photo : photos) {
      List<JsonNode> nearest =
          found.stream().filter(each -> each.path("id").asText().equals(photo.id())).toList();
      assertThat(nearest).hasSize(3);
      assertThat(nearest.get(0).path("photo_id").asText()).isEqualTo(photo.id());
      assertThat(nearest.get(0).path("score").asDouble()).isGreaterThan(0.999);
    }
  }

  private void countsNearDuplicates(SqlGateway gateway, long begin) throws Exception {
    // By its time the minute of the others is over.
    topics.send(topics.images(), "later.jpg", new byte[] {1}, begin + 10 * MINUTE);
    for (String name : List.of("images", "photos", "store")) {
      gateway.run("DROP " + (name.equals("photos") ? "MODEL " : "TABLE ") + name);
    }
    String counting = gateway(gateway, "near-duplicates.sql");
    List<JsonNode> counted = answers("sql-near-duplicates", 1);
    cancel(counting);
    assertThat(counted)
        .allSatisfy(each -> assertThat(each.path("nearest").asDouble()).isBetween(0.9, 0.9999))
        .anySatisfy(each -> assertThat(each.path("photo_id").asText()).startsWith("astronaut"));
  }

  private static void refuses(SqlGateway gateway) throws Exception {
    gateway.run(
        "CREATE MODEL wrong INPUT (image BYTES) OUTPUT (vector ARRAY<FLOAT>)"
            + " WITH ('provider' = 'image-embedding')");
    assertThatThrownBy(
            () ->
                gateway.run(
                    "SELECT * FROM ML_PREDICT(TABLE images, MODEL wrong, DESCRIPTOR(image))"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("OUTPUT has no column 'vector'; allowed: embedding ARRAY<FLOAT>");
  }

  /** Types a file into the SQL client, and gives the job that its last statement begins. */
  private String client(String file) throws Exception {
    Path written = Files.writeString(folder.resolve(file), text(file));
    Ended ended =
        JavaProcess.run(
            folder,
            Map.of(
                "FLINK_CONF_DIR", flink.home().resolve("conf").toString(),
                "JAVA_HOME", System.getProperty("java.home")),
            flink.home().resolve("bin/sql-client.sh").toString(),
            "-j",
            JAR.toString(),
            "-f",
            written.toString());
    String said = String.join("\n", ended.out()) + ended.err();
    Matcher job = JOB.matcher(said);
    assertThat(job.find()).as(said).isTrue();
    return job.group(1);
  }

  private String gateway(SqlGateway gateway, String file) throws Exception {
    List<JsonNode> last = List.of();
    for (String statement : text(file).replaceAll("(?m)^--.*$", "").split(";\\s*(\\n|$)")) {
      if (!statement.isBlank()) {
        last = gateway.run(statement.strip());
      }
    }
    return last.get(0).get(0).asText();
  }

  private String text(String file) throws IOException {
    return Files.readString(SQL.resolve(file))
        .replace("localhost:9092", kafka.bootstrapServers())
        .replace("/var/lib/image-embedding/vectors", folder.resolve("vectors").toString());
  }

  private List<JsonNode> answers(String topic, int atLeast) {
    try {
      Awaitility.await()
          .atMost(2, TimeUnit.MINUTES)
          .until(() -> topics.committed(topic).size() >= atLeast);
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError(topic + " has " + topics.committed(topic).size() + log(), e);
    }
    List<JsonNode> answers = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : topics.committed(topic)) {
      try {
        answers.add(JSON.readTree(record.value()));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    return answers;
  }

  private String log() {
    try {
      return "\n" + cluster.log();
    } catch (IOException e) {
      return e.toString();
    }
  }

  private long stored() {
    try (VectorStore store =
        VectorStore.open("lucene:" + folder.resolve("vectors"), OpenMode.read())) {
      return store.describe().count();
    } catch (StoreException e) {
      return 0;
    }
  }

  private void cancel(String job) throws Exception {
    Ended ended =
        JavaProcess.run(
            folder,
            Map.of("FLINK_CONF_DIR", flink.home().resolve("conf").toString()),
            flink.home().resolve("bin/flink").toString(),
            "cancel",
            job);
    assertThat(ended.exitCode()).as(ended.err()).isZero();
  }
}
