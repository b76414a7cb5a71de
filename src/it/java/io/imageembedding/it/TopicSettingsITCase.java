// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.kafka.KafkaOptions;
import io.imageembedding.kafka.KafkaSetupException;
import io.imageembedding.kafka.KafkaTopics;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs between topics whose settings are not the usual ones. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TopicSettingsITCase {
  private static EmbeddedKafka kafka;
  private TestTopics topics;

  @BeforeAll
  static void start() throws IOException {
    kafka = EmbeddedKafka.start();
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @BeforeEach
  void topics(TestInfo test) {
    topics =
        new TestTopics(
            kafka.bootstrapServers(), 1, test.getTestMethod().orElseThrow().getName() + "-");
  }

  @Test
  void aCompactedOutputTopicTakesMessagesWithoutKeyAndTombstones() throws Exception {
    set(topics.embeddings(), "cleanup.policy", "compact");
    send(null, TestTopics.imageRecord("keyless", Map.of()));
    send("other-key".getBytes(UTF_8), TestTopics.imageRecord("keyed", Map.of()));
    send("keyless".getBytes(UTF_8), null);
    send(new byte[] {0, 0, 0, 7}, null);

    run();

    List<ConsumerRecord<byte[], byte[]>> sent = topics.committed(topics.embeddings());
    assertThat(sent)
        .extracting(record -> new String(record.key(), UTF_8))
        .containsExactly("keyless", "other-key", "keyless");
    RecordReader<EmbeddingRecord> embeddings = RecordReader.embeddings(WireFormat.AVRO, null);
    assertThat(embeddings.read(sent.get(0).value()).getId()).isEqualTo("keyless");
    assertThat(embeddings.read(sent.get(1).value()).getId()).isEqualTo("keyed");
    assertThat(sent.get(2).value()).isNull();
    List<ConsumerRecord<byte[], byte[]>> dead = topics.committed(topics.deadLetters());
    assertThat(dead).hasSize(1);
    DeadLetter letter = RecordReader.deadLetters(WireFormat.AVRO, null).read(dead.get(0).value());
    assertThat(letter.getCode()).isEqualTo(Code.NULL_VALUE);
    assertThat(letter.getKey().array()).containsExactly(0, 0, 0, 7);
  }

  /** Each letter is a server: s takes connections and says nothing, b is the broker. */
  @ParameterizedTest
  @ValueSource(strings = {"sb", "bs", "sbs", "ssssssbssssss"})
  void aServerThatSaysNothingDoesNotHideOneThatAnswers(String servers) throws Exception {
    List<ServerSocket> silent = new ArrayList<>();
    try {
      List<String> list = new ArrayList<>();
      for (char server : servers.toCharArray()) {
        if (server == 's') {
          silent.add(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
          list.add("127.0.0.1:" + silent.get(silent.size() - 1).getLocalPort());
        } else {
          list.add(kafka.bootstrapServers());
        }
      }
      Configuration config = config();
      config.set(KafkaOptions.BOOTSTRAP_SERVERS, String.join(",", list));

      KafkaTopics checked = EmbedImagesJob.topics(config);
      checked.check();
      assertThat(checked.describeStart()).contains("0 of its 0 messages are ahead");
    } finally {
      for (ServerSocket socket : silent) {
        socket.close();
      }
    }
  }

  @Test
  void aCompactedTopicOfDeadLettersIsRefusedBeforeTheJobStarts() throws Exception {
    set(topics.deadLetters(), "cleanup.policy", "compact,delete");

    assertThatThrownBy(() -> EmbedImagesJob.topics(config()).check())
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining("topic '" + topics.deadLetters() + "' is compacted")
        .hasMessageContaining("allowed for dead letters: delete");
  }

  @Test
  void aCompactedOutputTopicIsRefusedWhereOrderIsGivenUp() throws Exception {
    set(topics.embeddings(), "cleanup.policy", "compact");
    Configuration config = config();
    EmbedImagesJob.topics(config).check();
    config.set(EmbedOptions.UNORDERED, true);

    assertThatThrownBy(() -> EmbedImagesJob.topics(config).check())
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining("topic '" + topics.embeddings() + "' is compacted")
        .hasMessageContaining(
            "allowed for embeddings: delete, or image-embedding.unordered: false");
  }

  @Test
  void whereNoEmbeddingFitsAnyMoreTheJobFailsAndMakesNoDeadLetters() throws Exception {
    send("a".getBytes(UTF_8), TestTopics.imageRecord("a", Map.of()));
    Configuration config = config();
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    set(topics.embeddings(), "max.message.bytes", "4000");

    assertThatThrownBy(env::execute)
        .satisfies(
            failure ->
                assertThat(ExceptionUtils.stringifyException(failure))
                    .doesNotContain("deserialize"))
        .rootCause()
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining("topic '" + topics.embeddings() + "' takes messages up to 4000 bytes")
        .hasMessageContaining("an embedding of 1280 features needs about");
    assertThat(topics.committed(topics.deadLetters())).isEmpty();

    set(topics.embeddings(), "max.message.bytes", "1000000");
    run();
    assertThat(topics.committed(topics.embeddings())).hasSize(1);
    assertThat(topics.committed(topics.deadLetters())).isEmpty();
  }

  private Configuration config() {
    Map<String, String> options = topics.options();
    options.put("pipeline.name", topics.images());
    options.put("parallelism.default", "1");
    options.put("restart-strategy.type", "none");
    options.put("image-embedding.kafka.input.bounded", "true");
    return EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
  }

  private void run() throws Exception {
    Configuration config = config();
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    env.execute();
  }

  private void send(byte[] key, byte[] value) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(client(), new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topics.images(), key, value)).get();
    }
  }

  private static void set(String topic, String key, String value) throws Exception {
    try (Admin admin = Admin.create(client())) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, topic),
                  List.of(
                      new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  private static Properties client() {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", kafka.bootstrapServers());
    return properties;
  }
}
