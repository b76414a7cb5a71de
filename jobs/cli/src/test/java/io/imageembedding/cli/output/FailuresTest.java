// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.model.ModelException;
import io.imageembedding.vectorstore.StoreException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.streaming.runtime.tasks.ExceptionInChainedOperatorException;
import org.apache.flink.util.FlinkException;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.SerializedThrowable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailuresTest {
  private static EmbeddedKafka kafka;

  @BeforeAll
  static void start() throws Exception {
    kafka = EmbeddedKafka.start();
    try (TopicAdmin admin = new TopicAdmin(client());
        Admin kafkas = Admin.create(client())) {
      admin.createIfMissing("topic", 1);
      kafkas
          .createTopics(
              List.of(
                  new NewTopic("narrow", 1, (short) 1)
                      .configs(Map.of("max.message.bytes", "1000"))))
          .all()
          .get();
    }
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  /** What real clients throw against a real broker. */
  @Test
  void whatKafkasClientsThrowIsSaidWithWhatItMeans() throws Exception {
    assertThat(described(failureOf(Map.of(), "narrow", 5000)))
        .startsWith("a message is larger than its topic takes (max.message.bytes): ");
    assertThat(described(failureOf(Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, "200"), "none", 1)))
        .startsWith("a topic or partition is gone: ")
        .contains("Topic none not present");
    assertThat(
            described(
                failureOf(
                    Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        "127.0.0.1:1",
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        "200"),
                    "topic",
                    1)))
        .startsWith("no Kafka broker answered in time: ");
    assertThat(described(fenced()))
        .startsWith("another producer has taken over the transactions of this job")
        .contains("pipeline.name");
    assertThat(described(offsetThatIsGone()))
        .startsWith("messages were deleted before they could be read: ")
        .contains("topic-0");
  }

  @ParameterizedTest
  @MethodSource("failures")
  void theCauseThatAPersonNeedsIsFoundInTheChain(Throwable failure, String expected)
      throws Exception {
    assertThat(Failures.describe(failure)).isEqualTo(expected);
    assertThat(described(failure)).isEqualTo(expected);
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            new TopicAuthorizationException(Set.of("embeddings")),
            "Kafka refuses the access: Not authorized to access topics: [embeddings]"),
        Arguments.of(
            new StoreException(
                "store postgresql://db/x: it does not answer",
                new IOException("Connection refused")),
            "store postgresql://db/x: it does not answer"),
        Arguments.of(
            new ModelException("model m has another content\nthan it had"),
            "model m has another content than it had"),
        Arguments.of(
            new InvalidOptionException("a.b", "c", "d"),
            new InvalidOptionException("a.b", "c", "d").getMessage()),
        Arguments.of(
            new FlinkException("The TaskExecutor is shutting down."),
            "a TaskManager was lost; its own log says why: The TaskExecutor is shutting down."),
        Arguments.of(
            new java.util.concurrent.TimeoutException(
                "Heartbeat of TaskManager with id localhost:1 timed out."),
            "a TaskManager was lost; its own log says why:"
                + " Heartbeat of TaskManager with id localhost:1 timed out."),
        Arguments.of(new OutOfMemoryError("Metaspace"), "out of memory: Metaspace"),
        Arguments.of(new NoSuchFileException("photos/a.jpg"), "there is no file photos/a.jpg"),
        Arguments.of(
            new IllegalStateException("outer", new IllegalArgumentException("inner")),
            "IllegalArgumentException: inner"),
        Arguments.of(new NullPointerException(), "NullPointerException"),
        Arguments.of(
            new IllegalStateException("x".repeat(5000)),
            "IllegalStateException: " + "x".repeat(1000 - 23) + "…"));
  }

  @Test
  void aChainThatBitesItsTailEnds() {
    Exception first = new Exception("first");
    Exception second = new Exception("second", first);
    first.initCause(second);

    assertThat(Failures.describe(first)).startsWith("Exception: ");
  }

  /** The failure as the command line gets it from a job: wrapped, and out of another process. */
  private static String described(Throwable failure) throws Exception {
    Throwable inTask =
        new IOException(
            "Failed to deserialize consumer record due to",
            new ExceptionInChainedOperatorException(failure));
    SerializedThrowable received = InstantiationUtil.clone(new SerializedThrowable(inTask));
    return Failures.describe(
        new ExecutionException(
            new CompletionException(
                new JobExecutionException(
                    new org.apache.flink.api.common.JobID(), "Job execution failed.", received))));
  }

  private static Throwable failureOf(Map<String, String> options, String topic, int bytes) {
    try (KafkaProducer<byte[], byte[]> producer = producer(options)) {
      return catchThrowable(
          () -> producer.send(new ProducerRecord<>(topic, new byte[bytes])).get());
    }
  }

  private static Throwable fenced() {
    Map<String, String> transactional = Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "photos-0");
    try (KafkaProducer<byte[], byte[]> old = producer(transactional);
        KafkaProducer<byte[], byte[]> successor = producer(transactional)) {
      old.initTransactions();
      old.beginTransaction();
      old.send(new ProducerRecord<>("topic", new byte[1]));
      old.flush();
      successor.initTransactions();
      return catchThrowable(old::commitTransaction);
    }
  }

  private static Throwable offsetThatIsGone() {
    Map<String, Object> options = new HashMap<>();
    client().forEach((key, value) -> options.put((String) key, value));
    options.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(options, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition("topic", 0);
      consumer.assign(List.of(partition));
      consumer.seek(partition, 1_000_000);
      return catchThrowable(
          () -> {
            while (true) {
              consumer.poll(java.time.Duration.ofSeconds(1));
            }
          });
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(Map<String, String> options) {
    Map<String, Object> all = new HashMap<>();
    client().forEach((key, value) -> all.put((String) key, value));
    all.putAll(options);
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static java.util.Properties client() {
    return KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of());
  }
}
