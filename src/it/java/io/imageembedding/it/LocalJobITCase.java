// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a person sees of {@code embed job}, also while things go wrong around it. */
@Timeout(value = 8, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LocalJobITCase {
  private static final String NAME = "seen";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private Process job;

  @AfterEach
  void end() {
    if (job != null) {
      job.destroyForcibly();
    }
  }

  @Test
  void aJobSaysHowFarItIsAndADamagedSavepointIsRefusedWithTheNextOlder() throws Exception {
    EmbeddedKafka kafka = EmbeddedKafka.start();
    try {
      TestTopics topics = new TestTopics(kafka.bootstrapServers(), 2);
      topics.publish(0, 40, 10);
      job = startJob(topics);
      Matcher page = awaitLine("Flink's page: (http://127\\.0\\.0\\.1:\\d+)");
      assertThat(get(pageOf(page))).contains("<html");
      awaitLine(
          "images in 40, out 36, refused 4, restarts 0, .*/s in, .*/s out, lag 0, checkpoint"
              + " \\d+, ");
      topSeesTheSame(page.group(1), topics);
      Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> checkpoints().size() >= 3);

      job.destroy();
      assertThat(job.waitFor(90, TimeUnit.SECONDS)).isTrue();
      Matcher stopped =
          awaitLine("stopped; everything .*images in 60, .*Go on with: --restore file:(\\S+)");
      assertThat(err()).doesNotContain("\tat ");

      Path savepoint = Path.of(stopped.group(1));
      Path metadata = savepoint.resolve("_metadata");
      byte[] whole = Files.readAllBytes(metadata);
      Files.write(metadata, Arrays.copyOf(whole, whole.length / 2));
      Ended refused = embed(topics, "--restore", savepoint.toString());
      assertThat(refused.exitCode()).isEqualTo(1);
      assertThat(refused.err())
          .contains("cannot be used: its _metadata")
          .containsPattern("the next older one that can be used: --restore \\S+/kept/" + NAME);
    } finally {
      kafka.close();
    }
  }

  @Test
  void brokersThatAreAwayAndFailuresAreOneLineEach() throws Exception {
    int port = FreePort.find();
    Path stored = folder.resolve("broker");
    EmbeddedKafka kafka = EmbeddedKafka.start(stored, port);
    try {
      TestTopics topics = new TestTopics(kafka.bootstrapServers(), 2);
      topics.publish(0, 40, 10);
      job = startJob(topics);
      String page = awaitLine("Flink's page: (http://127\\.0\\.0\\.1:\\d+)").group(1);
      String id = awaitLine("job ([0-9a-f]{32}) is running").group(1);
      Awaitility.await().atMost(2, TimeUnit.MINUTES).until(() -> topics.answeredIds().size() >= 40);

      kafka.close();
      awaitLine("no Kafka broker is connected; the job waits for them");
      kafka = EmbeddedKafka.start(stored, port);
      awaitLine("a Kafka broker is connected again after \\d+ s");

      setMaxMessageBytes(topics, "1000");
      topics.publish(40, 60, 10);
      awaitLine("the job failed in .*: .*max\\.message\\.bytes.*; it is started again");
      assertThat(get(URI.create(page + "/jobs/" + id + "/exceptions")))
          .as("what Flink's page shows first")
          .containsPattern("\"stacktrace\":\"io\\.imageembedding\\.[^\\\\]*max\\.message\\.bytes")
          .doesNotContain("\"exceptionName\":\"java.", "\"exceptionName\":\"org.");
      setMaxMessageBytes(topics, "1048588");
      Awaitility.await().atMost(3, TimeUnit.MINUTES).until(() -> topics.answeredIds().size() >= 60);
      assertThat(topics.answeredIds()).hasSize(60).doesNotHaveDuplicates();
      awaitLine("the job runs again");
      assertThat(err()).doesNotContain("\tat ");
    } finally {
      kafka.close();
    }
  }

  /** What {@code top} says over REST is what was published, before and while it looks. */
  private void topSeesTheSame(String page, TestTopics topics) throws Exception {
    Path out = folder.resolve("top.out");
    Process top =
        new ProcessBuilder(
                JavaProcess.command(
                    Embed.class,
                    List.of("top", "--rest", page, "--json", "--interval", "1", "--subtasks")))
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("top.err").toFile())
            .start();
    try {
      awaitTop(out, look -> look.at("/images/in").asLong() == 40);
      topics.publish(40, 60, 10);
      JsonNode look =
          awaitTop(
              out,
              seen ->
                  seen.at("/images/in").asLong() == 60
                      && seen.at("/images/inPerSecond").asDouble() > 0
                      && seen.at("/images/lag").asLong(-1) == 0);
      JsonNode images = look.get("images");
      assertThat(images.get("out").asLong()).isEqualTo(54);
      assertThat(images.get("refused").asLong()).isEqualTo(6);
      assertThat(sum(images.get("refusedByCode"))).isEqualTo(6);
      assertThat(images.get("outPerSecond").asDouble())
          .isPositive()
          .isLessThan(images.get("inPerSecond").asDouble());
      assertThat(images.get("batchSize").asDouble()).isBetween(1.0, 8.0);
      assertThat(images.get("millisPerImage").fieldNames())
          .toIterable()
          .containsExactlyInAnyOrder("queue", "decode", "infer", "encode");
      assertThat(images.at("/millisPerImage/infer").asDouble()).isPositive();
      assertThat(images.at("/share")).isNotEmpty();
      assertThat(images.get("latencyMillis").asDouble()).isPositive();
      long bySubtask = 0;
      for (JsonNode subtask : look.get("subtasks")) {
        bySubtask += subtask.at("/images/in").asLong();
        assertThat(subtask.at("/place/state").asText()).isEqualTo("RUNNING");
      }
      assertThat(bySubtask).isEqualTo(60);
      assertThat(look.at("/name").asText()).isEqualTo(NAME);
      assertThat(look.at("/state").asText()).isEqualTo("RUNNING");
      assertThat(look.at("/checkpoints/completed").asLong()).isPositive();
      awaitLine("images in 60, out 54, refused 6, ");

      top.destroy();
      assertThat(top.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(top.exitValue()).isZero();
    } finally {
      top.destroyForcibly();
    }
  }

  private static long sum(JsonNode counts) {
    long sum = 0;
    for (JsonNode count : counts) {
      sum += count.asLong();
    }
    return sum;
  }

  /** The first of its objects of which that is so. */
  private JsonNode awaitTop(Path out, Predicate<JsonNode> wanted) {
    JsonNode[] found = new JsonNode[1];
    Awaitility.await()
        .atMost(2, TimeUnit.MINUTES)
        .until(
            () -> {
              String written = Files.readString(out);
              for (String line : written.substring(0, written.lastIndexOf('\n') + 1).split("\n")) {
                JsonNode look = JSON.readTree(line);
                if (wanted.test(look)) {
                  found[0] = look;
                }
              }
              return found[0] != null;
            });
    return found[0];
  }

  private List<Path> checkpoints() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("kept"))) {
      return files.filter(file -> file.endsWith("_metadata")).toList();
    }
  }

  private static void setMaxMessageBytes(TestTopics topics, String bytes) throws Exception {
    ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, topics.embeddings());
    try (Admin admin =
        Admin.create(
            KafkaClientProperties.of(
                topics.options().get("image-embedding.kafka.bootstrap-servers"), "", Map.of()))) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  topic,
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("max.message.bytes", bytes), AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  private Matcher awaitLine(String pattern) {
    Pattern line = Pattern.compile(pattern);
    try {
      Awaitility.await().atMost(2, TimeUnit.MINUTES).until(() -> line.matcher(err()).find());
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError("no line '" + pattern + "' in:\n" + err(), e);
    }
    Matcher found = line.matcher(err());
    assertThat(found.find()).isTrue();
    return found;
  }

  private static URI pageOf(Matcher line) {
    return URI.create(line.group(1) + "/");
  }

  private static String get(URI address) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private String err() {
    try {
      return Files.readString(folder.resolve("job.err"));
    } catch (IOException e) {
      return "";
    }
  }

  private Process startJob(TestTopics topics) throws IOException {
    return new ProcessBuilder(JavaProcess.command(Embed.class, arguments(topics)))
        .directory(folder.toFile())
        .redirectOutput(folder.resolve("job.out").toFile())
        .redirectError(folder.resolve("job.err").toFile())
        .start();
  }

  private Ended embed(TestTopics topics, String... more) throws Exception {
    List<String> arguments = arguments(topics);
    arguments.addAll(List.of(more));
    return JavaProcess.run(
        folder, Map.of(), JavaProcess.command(Embed.class, arguments).toArray(String[]::new));
  }

  private static List<String> arguments(TestTopics topics) {
    List<String> arguments = new ArrayList<>(List.of("job"));
    Map<String, String> options = topics.options();
    options.put("pipeline.name", NAME);
    options.put("execution.checkpointing.dir", "kept");
    options.put("metrics.fetcher.update-interval", "500 ms");
    options.put("image-embedding.model", "untrained:mobilenet_v2_1.0_96");
    options.forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    return arguments;
  }
}
