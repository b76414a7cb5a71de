// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.curator.test.TestingServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The job on a cluster of its own with high availability, as on Kubernetes. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ApplicationModeITCase {
  private static final int BEFORE = 40;
  private static final int ALL = 80;
  private static final List<String> SHORT_LIVED = List.of("-XX:TieredStopAtLevel=1");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path folder;

  /** The JobManager runs the job's program anew, and Flink gives up a job whose program fails. */
  @Test
  void aJobManagerThatDiesWhileTheBrokersAreAwayGoesOnWithTheJob() throws Exception {
    try (TestingServer zooKeeper = new TestingServer(true);
        BrokerProcess broker =
            BrokerProcess.start(folder.resolve("broker"), FreePort.find(), Map.of(), SHORT_LIVED)) {
      TestTopics topics = new TestTopics(broker.bootstrapServers(), 2);
      topics.publish(0, BEFORE, BEFORE);
      try (ClusterProcesses cluster = start(zooKeeper, topics)) {
        await(cluster, () -> topics.keys().size() >= BEFORE);
        cluster.jobManager().kill();
        broker.process().kill();

        cluster.startJobManager();
        await(cluster, () -> cluster.log().contains("Going on with the job that Flink has kept"));
        broker.start();
        topics.publish(BEFORE, ALL, BEFORE);
        await(cluster, () -> topics.keys().size() >= ALL);

        assertThat(topics.keys())
            .containsExactlyInAnyOrderElementsOf(
                IntStream.range(0, ALL).mapToObj(TestTopics::id).toList());
      }
    }
  }

  private ClusterProcesses start(TestingServer zooKeeper, TestTopics topics) throws IOException {
    Path cluster = Files.createDirectory(folder.resolve("cluster"));
    Map<String, String> settings = new HashMap<>();
    settings.put("high-availability.type", "zookeeper");
    settings.put("high-availability.zookeeper.quorum", zooKeeper.getConnectString());
    settings.put("high-availability.zookeeper.client.session-timeout", "4 s");
    settings.put("high-availability.storageDir", folder.resolve("ha").toUri().toString());
    settings.put("execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString());
    List<String> job = new ArrayList<>();
    topics.options().forEach((key, value) -> job.add("-D" + key + "=" + value));
    job.add("-Dimage-embedding.model=untrained:mobilenet_v2_0.35_96");
    return ClusterProcesses.startApplication(
        cluster,
        settings,
        JavaProcess.project().resolve("jobs/stream/target/image-embedding-job.jar"),
        job);
  }

  private static void await(ClusterProcesses cluster, Callable<Boolean> condition)
      throws IOException {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> !cluster.jobManager().isAlive() || condition.call());
    assertThat(cluster.jobManager().isAlive()).as(cluster.log()).isTrue();
  }
}
