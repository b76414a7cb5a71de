// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.kafka.KafkaOptions.LostTransactions;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SinkFailuresITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Gives up sending soon, and starts again for ever. */
  private static final Map<String, String> IMPATIENT =
      Map.of(
          "image-embedding.kafka.properties.delivery.timeout.ms", "3000",
          "image-embedding.kafka.properties.request.timeout.ms", "2000",
          "image-embedding.kafka.properties.max.block.ms", "5000",
          "image-embedding.kafka.properties.default.api.timeout.ms", "5000",
          "restart-strategy.type", "fixed-delay",
          "restart-strategy.fixed-delay.attempts", "1000",
          "restart-strategy.fixed-delay.delay", "500 ms");

  @TempDir Path folder;
  private int port;
  private EmbeddedKafka kafka;

  @BeforeEach
  void start() throws IOException {
    port = FreePort.find();
    kafka = EmbeddedKafka.start(folder.resolve("broker"), port);
  }

  @AfterEach
  void stop() {
    kafka.close();
  }

  @Test
  void aTopicThatTakesNothingAnyMoreAndABrokerThatIsAwayEndNoTaskManager() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "lives");
    TestingCopyJob job = TestingCopyJob.start(topics, topics.options("lives", IMPATIENT));
    topics.send(0, 100);
    awaitCommitted(topics, 100);

    topics.setMaxMessageBytes(topics.output(), TestingTopics.VALUE_BYTES / 2);
    int starts = job.starts();
    topics.send(100, 200);
    Awaitility.await().atMost(PATIENCE).until(() -> job.starts() > starts);
    topics.setMaxMessageBytes(topics.output(), TopicAdmin.DEFAULT_MAX_MESSAGE_BYTES);
    awaitCommitted(topics, 200);

    topics.send(200, 300);
    kafka.close();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> job.client().getJobStatus().get() == JobStatus.RESTARTING);
    kafka = EmbeddedKafka.start(folder.resolve("broker"), port);
    topics.send(300, 400);
    awaitCommitted(topics, 400);
    job.cancel();

    assertThat(topics.committed(topics.output()))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 400).mapToObj(String::valueOf).toList());
  }

  @Test
  void aFencedTaskSaysThatAnotherJobHasItsNameAndClosesWithoutThrowing() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "fenced");
    TestingSinkTask task = new TestingSinkTask(settings(topics), null);
    task.write("one");
    task.checkpoint(1);
    task.complete(1);
    task.write("two");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                topics.transactions("fenced/").stream()
                    .anyMatch(each -> each.state() == TransactionState.ONGOING));
    for (TransactionListing each : topics.transactions("fenced/")) {
      topics.fence(each.transactionalId());
    }

    assertThatThrownBy(
            () -> {
              task.write("three");
              task.checkpoint(2);
            })
        .isInstanceOfAny(TaskFailureException.class, CheckpointFailure.class)
        .hasMessage(
            "another job with transactional ids 'fenced/' writes to topic 'fenced-out', or wrote"
                + " while this task was taken for dead, or has restored its state: the brokers have"
                + " fenced this one. Two jobs of one Kafka cluster need two, each another"
                + " pipeline.name or image-embedding.kafka.transactional-id-prefix");
    assertThatCode(task::close).doesNotThrowAnyException();
    assertThat(topics.committed(topics.output())).containsExactly("one");
  }

  @Test
  void aSecondJobOfTheNameIsRefusedWhileTheFirstWritesButNotAfterItWasKilled() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "twice");
    Map<String, String> slow = Map.of("execution.checkpointing.interval", "3 s");
    Configuration options = topics.options("twice", slow);
    TestingCopyJob job = TestingCopyJob.start(topics, options);
    // A job that has nothing to write is not seen, and on a busy machine looking takes a while.
    ExecutorService background = Executors.newSingleThreadExecutor();
    CountDownLatch looked = new CountDownLatch(1);
    Future<?> sending =
        background.submit(
            () -> {
              for (int i = 0; looked.getCount() > 0; i += 10) {
                topics.send(i, i + 10);
              }
              return null;
            });
    background.shutdown();
    try {
      Awaitility.await()
          .atMost(PATIENCE)
          .until(
              () ->
                  topics.transactions("twice/").stream()
                      .anyMatch(each -> each.state() == TransactionState.ONGOING));

      assertThatThrownBy(() -> KafkaTopics.of(options).check())
          .isInstanceOf(KafkaSetupException.class)
          .hasMessageMatching(
              "a job with transactional ids 'twice/' is writing now, with transaction"
                  + " 'twice/embeddings/-\\d-\\d'; needed: that job stopped, or another"
                  + " pipeline.name or image-embedding.kafka.transactional-id-prefix");
    } finally {
      looked.countDown();
      sending.get(1, TimeUnit.MINUTES);
    }

    job.cancel();
    try (KafkaProducer<byte[], byte[]> killed =
        topics.openTransaction("twice/embeddings/-0-0", "left behind")) {
      assertThatCode(() -> KafkaTopics.of(options).check()).doesNotThrowAnyException();
    }
  }

  private static void awaitCommitted(TestingTopics topics, int count) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> topics.committed(topics.output()).size() >= count);
  }

  private static SinkSettings settings(TestingTopics topics) {
    return new SinkSettings(
        topics.name(),
        SinkSettings.EMBEDDINGS,
        topics.output(),
        DeliveryGuarantee.EXACTLY_ONCE,
        Duration.ofMinutes(5),
        LostTransactions.FAIL,
        topics.clients(),
        false);
  }
}
