// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterITCase {
  private static final int IMAGES = 100;
  private static final int BROKEN = 4;

  @TempDir Path folder;

  @Test
  void aClusterRunsTheJarAgainAndAgainWithOneTensorFlow() throws Exception {
    try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"));
        ClusterProcesses cluster = ClusterProcesses.start(folder)) {
      TestTopics topics = new TestTopics(broker.bootstrapServers(), 4);
      topics.publish(0, IMAGES, IMAGES / BROKEN);
      String store = "lucene:" + folder.resolve("store");
      Path jar = JavaProcess.project().resolve("jobs/stream/target/image-embedding-job.jar");
      Path config = Files.writeString(folder.resolve("job.yaml"), yaml(topics));

      List<String> submit =
          new ArrayList<>(JavaProcess.command(Embed.class, List.of("job", "--config", "job.yaml")));
      submit.add(1, "-Dimage-embedding.job-jar=" + jar);
      submit.addAll(
          List.of(
              "-D", "pipeline.name=first",
              "-D", "execution.target=remote",
              "-D", "rest.address=localhost",
              "-D", "rest.port=" + cluster.restPort()));
      Ended first = JavaProcess.run(folder, Map.of(), submit.toArray(String[]::new));
      assertThat(first.exitCode()).as(first.err()).isZero();
      assertThat(first.lastLine()).startsWith("submitted job ");
      awaitAnswers(topics, cluster, 1);

      Ended second =
          cluster.flink(
              folder,
              "-Dpipeline.name=second",
              "-Dexecution.checkpointing.tolerable-failed-checkpoints=5",
              "-Dimage-embedding.kafka.output.format=json",
              "-Dimage-embedding.store.address=" + store,
              jar.toString(),
              "--config",
              config.toString());
      assertThat(second.exitCode()).as(second.err()).isZero();
      awaitAnswers(topics, cluster, 2);
      try (VectorStore vectors = VectorStore.open(store, OpenMode.read())) {
        assertThat(vectors.describe().count()).isEqualTo(IMAGES - BROKEN);
      }

      JsonNode job = job(cluster, "second");
      assertThat(
              rest(cluster, "jobs/" + job.get("jid").asText() + "/checkpoints/config")
                  .get("tolerable_failed_checkpoints")
                  .asInt())
          .isEqualTo(5);

      Ended wrong =
          cluster.flink(
              folder, "-Dimage-embedding.x=1", jar.toString(), "--config", config.toString());
      assertThat(wrong.exitCode()).isEqualTo(1);
      assertThat(wrong.err()).contains("image-embedding.x");

      Ended atLeastOnce =
          cluster.flink(
              folder,
              "-Dexecution.checkpointing.mode=AT_LEAST_ONCE",
              jar.toString(),
              "--config",
              config.toString());
      assertThat(atLeastOnce.exitCode()).isEqualTo(1);
      assertThat(atLeastOnce.err())
          .contains("execution.checkpointing.mode: 'AT_LEAST_ONCE' is not allowed");

      assertThat(cluster.isAlive()).as(cluster.log()).isTrue();
    }
  }

  private static JsonNode job(ClusterProcesses cluster, String name) throws IOException {
    for (JsonNode job : rest(cluster, "jobs/overview").get("jobs")) {
      if (job.get("name").asText().equals(name)) {
        return job;
      }
    }
    throw new AssertionError("no job is named " + name);
  }

  private static JsonNode rest(ClusterProcesses cluster, String path) throws IOException {
    URI address = URI.create("http://localhost:" + cluster.restPort() + "/" + path);
    try (InputStream answer = address.toURL().openStream()) {
      return new ObjectMapper().readTree(answer);
    }
  }

  private void awaitAnswers(TestTopics topics, ClusterProcesses cluster, int times)
      throws Exception {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> !cluster.isAlive() || topics.keys().size() >= times * IMAGES);
    assertThat(topics.keys())
        .as(cluster.log())
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, times * IMAGES).mapToObj(i -> TestTopics.id(i % IMAGES)).toList());
  }

  private static String yaml(TestTopics topics) {
    StringBuilder yaml = new StringBuilder();
    topics
        .options()
        .forEach((key, value) -> yaml.append(key).append(": ").append(value).append('\n'));
    return yaml + "image-embedding.kafka.input.bounded: true\n";
  }
}
