// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.vectorstore.postgres.TestingPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What jobs leave behind in processes that run one after the other. */
@Timeout(value = 8, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClassLoadersITCase {
  private static final int IMAGES = 20;
  private static final int BROKEN_EVERY = 4;

  @TempDir Path folder;

  @Test
  void sixJobsLeaveNoClassLoaderInTheTaskManagerAndAtMostOneInTheJobManager() throws Exception {
    try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"));
        TestingPostgres postgres = TestingPostgres.start();
        TestingRegistry registry = TestingRegistry.start();
        ClusterProcesses cluster = ClusterProcesses.start(folder)) {
      TestTopics topics = new TestTopics(broker.bootstrapServers(), 1);
      topics.publish(0, IMAGES, BROKEN_EVERY);
      Map<String, String> lucene =
          Map.of("image-embedding.store.address", "lucene:" + folder.resolve("store"));
      Map<String, String> confluent =
          Map.of(
              "image-embedding.kafka.output.format",
              "confluent-avro",
              "image-embedding.kafka.schema-registry.url",
              registry.url());
      List<Map<String, String>> jobs =
          List.of(
              Map.of(),
              lucene,
              Map.of("image-embedding.store.address", postgres.address() + "?table=loaders"),
              confluent,
              Map.of(),
              lucene);
      // Two at a time: the cluster has two slots.
      for (int i = 0; i < jobs.size(); i += 2) {
        CompletableFuture<Void> beside = start(cluster, topics, "job-" + i, jobs.get(i));
        run(cluster, topics, "job-" + (i + 1), jobs.get(i + 1));
        beside.get(3, TimeUnit.MINUTES);
      }

      // Threads of pools, which keep what they ran last, end after a minute of idleness. Of all
      // records together the JDK remembers the one whose methods were linked last; a task makes it
      // forget that when its job's class loader is released, which a JobManager has no hook for.
      assertThatSoon(cluster.taskManagers().get(0), 0);
      assertThatSoon(cluster.jobManager(), 1);
      assertThat(cluster.isAlive()).as(cluster.log()).isTrue();
    }
  }

  private static void assertThatSoon(ChildProcess process, int most) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(2))
        .untilAsserted(
            () ->
                assertThat(process.jobClassLoaders())
                    .as("class loaders of jobs that have ended, in %s", process.name())
                    .isLessThanOrEqualTo(most));
  }

  private CompletableFuture<Void> start(
      ClusterProcesses cluster, TestTopics topics, String name, Map<String, String> more) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            run(cluster, topics, name, more);
          } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private void run(
      ClusterProcesses cluster, TestTopics topics, String name, Map<String, String> more)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>();
    arguments.add("-Dpipeline.name=" + name);
    arguments.add(
        JavaProcess.project().resolve("jobs/stream/target/image-embedding-job.jar").toString());
    Map<String, String> options = topics.options();
    options.put("parallelism.default", "1");
    options.put("image-embedding.kafka.input.bounded", "true");
    options.put("image-embedding.kafka.input.start", "earliest");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.putAll(more);
    options.forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    Ended ended = cluster.flink(folder, arguments.toArray(String[]::new));
    assertThat(ended.exitCode()).as(ended.err()).isZero();
  }
}
