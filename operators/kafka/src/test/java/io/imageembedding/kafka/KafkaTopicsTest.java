// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.flink.InvalidOptionException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KafkaTopicsTest {
  private static final Map<String, String> COMPLETE =
      Map.of(
          "image-embedding.kafka.bootstrap-servers", "127.0.0.1:1",
          "image-embedding.kafka.input.topic", "in",
          "image-embedding.kafka.output.topic", "out",
          "image-embedding.kafka.dead-letter.topic", "dead");

  @ParameterizedTest
  @CsvSource({
    "image-embedding.kafka.bootstrap-servers",
    "image-embedding.kafka.input.topic",
    "image-embedding.kafka.output.topic",
    "image-embedding.kafka.dead-letter.topic"
  })
  void aMissingOptionIsNamed(String key) {
    Map<String, String> options = new HashMap<>(COMPLETE);
    options.remove(key);

    assertThatThrownBy(() -> KafkaTopics.of(Configuration.fromMap(options)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith(key + " is not set; needed: ");
  }

  @ParameterizedTest
  @CsvSource({
    "image-embedding.kafka.input.format, json, 'avro, confluent-avro, raw'",
    "image-embedding.kafka.input.format, xml, 'avro, confluent-avro, raw'",
    "image-embedding.kafka.output.format, raw, 'avro, confluent-avro, json'",
    "image-embedding.kafka.delivery-guarantee, none, exactly-once or at-least-once",
    "image-embedding.kafka.delivery-guarantee, maybe, exactly-once or at-least-once",
    "execution.checkpointing.mode, AT_LEAST_ONCE, 'EXACTLY_ONCE, as image-embedding.kafka.delivery-guarantee is exactly-once'",
    "image-embedding.kafka.transaction-timeout, 10 ms, a duration from 1 s",
    "image-embedding.kafka.input.start, middle, 'committed, earliest or latest'",
    "image-embedding.kafka.input.lost-messages, ignore, fail or skip",
    "image-embedding.kafka.properties.auto.offset.reset, latest, 'not to be set; instead: image-embedding.kafka.input.start for where reading begins, image-embedding.kafka.input.lost-messages for offsets that are gone'",
    "image-embedding.kafka.properties.group.id, mine, 'not to be set; instead: image-embedding.kafka.group-id'",
    "image-embedding.kafka.properties.enable.auto.commit, true, 'not to be set; instead: nothing, offsets are committed with each checkpoint'",
    "image-embedding.kafka.properties.partition.discovery.interval.ms, 1 min, 'milliseconds; 0 or less: new partitions are not looked for'",
    "image-embedding.kafka.lost-transactions, ignore, fail or continue",
    "pipeline.name, photos/eu, 1 to 200 characters without /",
    "image-embedding.kafka.transactional-id-prefix, eu/photos, 1 to 200 characters without / and without control characters",
    "image-embedding.kafka.transactional-id-prefix, ' ', 1 to 200 characters without / and without control characters",
    "image-embedding.kafka.transactional-id-prefix, a\tb, 1 to 200 characters without / and without control characters",
    "image-embedding.kafka.output.topic, in, 'input, output and dead letters in three different topics'",
  })
  void aWrongValueIsRefusedByKeyValueAndWhatIsAllowed(String key, String value, String allowed) {
    assertThatThrownBy(() -> KafkaTopics.of(with(key, value)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(key + ": '" + value + "' is not allowed; allowed: " + allowed);
  }

  @Test
  void aJobWhoseEmbeddingsGoElsewhereNeedsNoOutputTopicButTheOthers() {
    Map<String, String> options = new HashMap<>(COMPLETE);
    options.remove("image-embedding.kafka.output.topic");
    KafkaTopics.withOptionalOutput(Configuration.fromMap(options));

    options.put("image-embedding.kafka.dead-letter.topic", "in");
    assertThatThrownBy(() -> KafkaTopics.withOptionalOutput(Configuration.fromMap(options)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(
            "image-embedding.kafka.dead-letter.topic: 'in' is not allowed; allowed: input and dead"
                + " letters in two different topics");
  }

  @ParameterizedTest
  @CsvSource({"true, 0, 200", "true, 5000, 5000", "false, 0, 0"})
  void unalignedCheckpointsBeginAlignedSoThatNoPartitionIsOvertaken(
      boolean unaligned, long given, long timeout) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.enableCheckpointing(1000);
    env.getCheckpointConfig().enableUnalignedCheckpoints(unaligned);
    env.getCheckpointConfig().setAlignedCheckpointTimeout(Duration.ofMillis(given));

    KafkaTopics.of(Configuration.fromMap(COMPLETE)).read(env);

    assertThat(env.getCheckpointConfig().getAlignedCheckpointTimeout())
        .isEqualTo(Duration.ofMillis(timeout));
  }

  @Test
  void aRegistryIsNeededOnlyForItsFormat() {
    KafkaTopics.of(Configuration.fromMap(COMPLETE));
    assertThatThrownBy(
            () -> KafkaTopics.of(with("image-embedding.kafka.input.format", "confluent-avro")))
        .hasMessageStartingWith("image-embedding.kafka.schema-registry.url is not set");
  }

  @ParameterizedTest
  @CsvSource({
    "ssl.keystore.password, geheim",
    "sasl.jaas.config, 'org.x.PlainLoginModule required username=\"u\" password=\"geheim\";'",
    "sasl.jaas.config, 'org.x.ScramLoginModule required username=u password=geheim;'",
  })
  void aSecretThatIsWrittenOutIsRefusedAndNotRepeated(String property, String value) {
    assertThatThrownBy(
            () -> KafkaTopics.of(with("image-embedding.kafka.properties." + property, value)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith("image-embedding.kafka.properties." + property)
        .hasMessageContaining("${file:PATH:KEY}")
        .hasMessageNotContaining("geheim");
  }

  @Test
  void aSecretFromAFileOrTheEnvironmentIsTaken() {
    KafkaTopics.of(
        with("image-embedding.kafka.properties.ssl.keystore.password", "${file:/run/s:p}"));
    KafkaTopics.of(
        with(
            "image-embedding.kafka.properties.sasl.jaas.config",
            "org.x.PlainLoginModule required username=\"u\" password=\"${env:KAFKA}\";"));
  }

  @Test
  void aBrokerThatIsNotThereIsSaidInOneLine() {
    assertThatThrownBy(() -> KafkaTopics.of(Configuration.fromMap(COMPLETE)).check(1280))
        .isInstanceOf(KafkaSetupException.class)
        .hasMessage(
            "no Kafka broker answered at 127.0.0.1:1 within 8 s; needed: HOST:PORT of brokers that"
                + " run and that this machine reaches");
  }

  private static Configuration with(String key, String value) {
    Map<String, String> options = new HashMap<>(COMPLETE);
    options.put(key, value);
    return Configuration.fromMap(options);
  }
}
