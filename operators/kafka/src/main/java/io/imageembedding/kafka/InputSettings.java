// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * How the input is read.
 *
 * @param start where, if nothing is restored
 * @param lost what happens when messages are gone
 * @param bounded whether reading ends
 * @param watch how often the brokers are asked what partitions there are
 * @param client properties of every client of the job
 */
record InputSettings(
    String topic,
    String group,
    KafkaOptions.Start start,
    KafkaOptions.LostMessages lost,
    boolean bounded,
    Duration watch,
    String clientId,
    Properties client)
    implements Serializable {

  private static final Duration WATCH = Duration.ofMinutes(1);

  /** Properties that the job sets itself, and what to set instead. */
  private static final Map<String, String> OWN =
      new TreeMap<>(
          Map.of(
              ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
              KafkaOptions.INPUT_START.key()
                  + " for where reading begins, "
                  + KafkaOptions.INPUT_LOST_MESSAGES.key()
                  + " for offsets that are gone",
              ConsumerConfig.GROUP_ID_CONFIG,
              KafkaOptions.GROUP_ID.key(),
              ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
              "nothing, offsets are committed with each checkpoint",
              ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
              KafkaOptions.INPUT_FORMAT.key(),
              ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
              KafkaOptions.INPUT_FORMAT.key()));

  /**
   * @param name of the job
   * @param client properties of every client, as {@link KafkaClientProperties} has them
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  static InputSettings of(ReadableConfig config, String topic, String name, Properties client) {
    OWN.forEach(
        (key, instead) -> {
          if (client.containsKey(key)) {
            throw new InvalidOptionException(
                KafkaOptions.PROPERTIES_PREFIX + key,
                client.getProperty(key),
                "not to be set; instead: " + instead);
          }
        });
    return new InputSettings(
        topic,
        config.getOptional(KafkaOptions.GROUP_ID).orElse(name),
        Options.get(
            config, KafkaOptions.INPUT_START, start -> true, "committed, earliest or latest"),
        Options.get(config, KafkaOptions.INPUT_LOST_MESSAGES, lost -> true, "fail or skip"),
        Options.get(config, KafkaOptions.INPUT_BOUNDED, bounded -> true, "true or false"),
        watch(client),
        client.getProperty(
            KafkaSourceOptions.CLIENT_ID_PREFIX.key(),
            client.getProperty(ConsumerConfig.CLIENT_ID_CONFIG, name)),
        client);
  }

  private static Duration watch(Properties client) {
    String key = KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key();
    String given = client.getProperty(key);
    if (given == null) {
      return WATCH;
    }
    try {
      return Duration.ofMillis(Long.parseLong(given.strip()));
    } catch (NumberFormatException e) {
      throw new InvalidOptionException(
          KafkaOptions.PROPERTIES_PREFIX + key,
          given,
          "milliseconds; 0 or less: new partitions are not looked for");
    }
  }

  /** The same for those who ask for partitions and offsets. */
  Properties enumerator() {
    Properties properties = connector();
    properties.putIfAbsent(
        AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
        String.valueOf(BrokerPatience.TRY_IN_BACKGROUND.toMillis()));
    return properties;
  }

  /** What the connector is given: an offset that is gone is always an error to its consumers. */
  Properties connector() {
    Properties properties = new Properties();
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.putAll(client);
    properties.setProperty(ConsumerConfig.GROUP_ID_CONFIG, group);
    properties.setProperty(KafkaSourceOptions.CLIENT_ID_PREFIX.key(), clientId);
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    String bytes = ByteArrayDeserializer.class.getName();
    properties.setProperty(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, bytes);
    properties.setProperty(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, bytes);
    properties.setProperty(
        KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(),
        String.valueOf(bounded ? -1 : watch.toMillis()));
    return properties;
  }
}
