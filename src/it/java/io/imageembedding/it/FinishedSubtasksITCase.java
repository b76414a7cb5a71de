// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.flink.ImageEmbedding;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.kafka.KafkaTopics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Subtasks that have nothing to read, or nothing more, hold up nothing that the others write. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FinishedSubtasksITCase {
  private static EmbeddedKafka kafka;

  @BeforeAll
  static void start() throws Exception {
    kafka = EmbeddedKafka.start();
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  /**
   * A message takes 10 ms, so transactions, which last for 5 s, are lost if no checkpoint is taken
   * from when the first subtask has finished.
   */
  @ParameterizedTest
  @CsvSource({"skewed, 2, 999, 1, 2", "fewer partitions than subtasks, 1, 800, 0, 3"})
  void aBoundedJobCommitsEveryMessage(
      String what, int partitions, int inFirst, int inSecond, int parallelism) throws Exception {
    TestTopics topics = topics(what, partitions);
    send(topics.images(), 0, 0, inFirst);
    send(topics.images(), 1, inFirst, inFirst + inSecond);
    Map<String, String> options = options(topics, what, parallelism);
    options.put("image-embedding.kafka.input.bounded", "true");

    run(options).getJobExecutionResult().get(2, TimeUnit.MINUTES);

    assertThat(topics.keys()).containsExactlyInAnyOrderElementsOf(ids(inFirst + inSecond));
  }

  /** Without checkpoints, so with no more than at-least-once. */
  @Test
  void aBoundedJobThatRunsAsABatchAnswersEveryMessage() throws Exception {
    TestTopics topics = topics("batch", 2);
    send(topics.images(), 0, 0, 30);
    send(topics.images(), 1, 30, 40);
    Map<String, String> options = options(topics, "batch", 2);
    options.put("execution.runtime-mode", "BATCH");
    options.put("image-embedding.kafka.delivery-guarantee", "at-least-once");
    options.put("image-embedding.kafka.input.bounded", "true");

    run(options).getJobExecutionResult().get(2, TimeUnit.MINUTES);

    assertThat(topics.keys()).containsExactlyInAnyOrderElementsOf(ids(40));
  }

  @Test
  void subtasksWithoutAPartitionHoldUpNoCheckpointOfAJobThatGoesOn() throws Exception {
    TestTopics topics = topics("idle", 1);
    send(topics.images(), 0, 0, 20);
    JobClient client = run(options(topics, "idle", 3));

    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> topics.keys().size() == 20);
    send(topics.images(), 0, 20, 40);
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> topics.keys().size() >= 40);
    client.cancel().get();

    assertThat(topics.keys()).containsExactlyInAnyOrderElementsOf(ids(40));
  }

  private static TestTopics topics(String what, int partitions) {
    return new TestTopics(kafka.bootstrapServers(), partitions, what.replace(' ', '-') + "-");
  }

  private static Map<String, String> options(TestTopics topics, String name, int parallelism) {
    Map<String, String> options = topics.options();
    options.put("pipeline.name", name);
    options.put("parallelism.default", String.valueOf(parallelism));
    options.put("execution.checkpointing.interval", "1 s");
    options.put("image-embedding.kafka.transaction-timeout", "5 s");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    return options;
  }

  private static JobClient run(Map<String, String> options) throws Exception {
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    KafkaTopics topics = KafkaTopics.of(config);
    DataStream<KafkaMessage> slowly =
        topics
            .read(env)
            .map(
                message -> {
                  LockSupport.parkNanos(10_000_000);
                  return message;
                })
            .returns(KafkaMessage.typeInformation());
    topics.write(ImageEmbedding.of(topics.extractor()).options(config).embed(slowly));
    return env.executeAsync(options.get("pipeline.name"));
  }

  private static void send(String topic, int partition, int from, int to) throws Exception {
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(
            KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of()),
            new StringSerializer(),
            new ByteArraySerializer())) {
      for (int i = from; i < to; i++) {
        String id = TestTopics.id(i);
        byte[] image = TestTopics.imageRecord(id, Map.of());
        producer.send(new ProducerRecord<>(topic, partition, id, image));
      }
    }
  }

  private static List<String> ids(int count) {
    return IntStream.range(0, count).mapToObj(TestTopics::id).toList();
  }
}
