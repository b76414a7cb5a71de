// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.flink.annotation.Internal;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.LeaderNotAvailableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.TimestampType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the brokers what there is and what it takes. It gives up after 8 seconds where none of them
 * answers anything, and after 15 where they have answered before.
 */
@Internal
public final class TopicAdmin implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TopicAdmin.class);
  private static final long POLL_MILLIS = 50;

  /** A broker's own default for {@code max.message.bytes}, taken where it may not be asked. */
  static final int DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

  private final String servers;
  private final Admin admin;
  private final Properties answering;
  private final Duration patience;

  /**
   * @param clientProperties with the brokers to begin with
   * @throws KafkaSetupException if no client can be made of them, or no broker answers
   */
  public TopicAdmin(Properties clientProperties) {
    servers = clientProperties.getProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG);
    BrokerConnection connection = BrokerPatience.connect(clientProperties);
    admin = connection.admin();
    answering = BrokerConnection.beginningWith(connection.server(), clientProperties);
    patience = BrokerPatience.ANSWER;
  }

  /**
   * @param admin is closed with this
   * @param patience with a topic that was just created
   */
  TopicAdmin(String servers, Admin admin, Duration patience) {
    this.servers = servers;
    this.admin = admin;
    this.answering = new Properties();
    this.patience = patience;
  }

  /**
   * The properties that this was made of, with the server that answered instead of all. A client of
   * them does not begin with one of the others, which may take connections and say nothing.
   */
  public Properties answering() {
    Properties copy = new Properties();
    copy.putAll(answering);
    return copy;
  }

  /**
   * @throws KafkaSetupException if no broker answers, or there is no such topic
   */
  public void requireTopic(String topic) {
    try {
      admin.describeTopics(List.of(topic)).allTopicNames().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException
          || e.getCause() instanceof InvalidTopicException) {
        throw gone(topic, e);
      }
      throw failed(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * Creates the topic if there is none of that name; an existing one stays as it is. When this
   * returns, every partition has a leader and clients may use it: the controller answers before the
   * brokers know of it.
   *
   * @throws KafkaSetupException if no broker answers, it refuses, or a partition is without a
   *     leader for 15 seconds
   */
  public void createIfMissing(String topic, int partitions) {
    NewTopic wanted = new NewTopic(topic, Optional.of(partitions), Optional.empty());
    try {
      admin.createTopics(List.of(wanted)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw failed(e);
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    awaitLeaders(topic);
  }

  private void awaitLeaders(String topic) {
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      while (!hasLeaders(topic)) {
        if (System.nanoTime() - deadline > 0) {
          throw new KafkaSetupException(
              "topic '"
                  + topic
                  + "' at "
                  + servers
                  + " is not ready: a partition of it has had no leader for "
                  + patience.toSeconds()
                  + " s; needed: brokers that lead all of its partitions");
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private boolean hasLeaders(String topic) throws InterruptedException {
    try {
      return admin
          .describeTopics(List.of(topic))
          .topicNameValues()
          .get(topic)
          .get()
          .partitions()
          .stream()
          .allMatch(each -> each.leader() != null && !each.leader().isEmpty());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException
          || e.getCause() instanceof LeaderNotAvailableException) {
        return false;
      }
      throw failed(e);
    }
  }

  /** What the topic takes. */
  TopicSettings settings(String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    String policy =
        value(resource, TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
    return new TopicSettings(
        Integer.parseInt(
            value(
                resource,
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                String.valueOf(DEFAULT_MAX_MESSAGE_BYTES))),
        policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT));
  }

  /** How many brokers there are, for a person. */
  String describeBrokers() {
    int brokers = ask(admin.describeCluster().nodes()).size();
    return brokers + (brokers == 1 ? " broker" : " brokers") + " at " + servers;
  }

  /** How many partitions the topic has. */
  int partitions(String topic) {
    return ask(admin.describeTopics(List.of(topic)).topicNameValues().get(topic))
        .partitions()
        .size();
  }

  /** What the topic is like, for a person. */
  String describe(String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    return partitions(topic)
        + " partitions, cleanup.policy "
        + value(resource, TopicConfig.CLEANUP_POLICY_CONFIG, "unknown")
        + ", timestamps by "
        + value(resource, TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "unknown")
        + ", messages up to "
        + settings(topic).maxMessageBytes()
        + " bytes";
  }

  private <T> T ask(Future<T> answer) {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw failed(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * The oldest timestamp that a message may have so that the topic does not delete it at once;
   * empty where it keeps all, or gives every message a timestamp of its own.
   *
   * @throws KafkaSetupException if no broker answers, or it refuses
   */
  public Optional<Instant> oldestKept(String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    long kept = Long.parseLong(value(resource, TopicConfig.RETENTION_MS_CONFIG, "-1"));
    String type = value(resource, TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "CreateTime");
    String policy = value(resource, TopicConfig.CLEANUP_POLICY_CONFIG, "delete");
    return kept < 0 || !type.equals("CreateTime") || !policy.contains("delete")
        ? Optional.empty()
        : Optional.of(Instant.now().minusMillis(kept));
  }

  /** Whether the topic's messages have the time at which a broker took them. */
  boolean hasAppendTime(String topic) {
    return TimestampType.LOG_APPEND_TIME.name.equals(
        value(
            new ConfigResource(ConfigResource.Type.TOPIC, topic),
            TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
            TimestampType.CREATE_TIME.name));
  }

  /** Longest time that the brokers keep a transaction open. */
  Duration maxTransactionTimeout() {
    String fifteenMinutes = "900000";
    try {
      String node = admin.describeCluster().nodes().get().iterator().next().idString();
      return Duration.ofMillis(
          Long.parseLong(
              value(
                  new ConfigResource(ConfigResource.Type.BROKER, node),
                  "transaction.max.timeout.ms",
                  fifteenMinutes)));
    } catch (ExecutionException e) {
      throw failed(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private String value(ConfigResource resource, String key, String otherwise) {
    Future<Config> config = admin.describeConfigs(List.of(resource)).values().get(resource);
    try {
      return config.get().get(key).value();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        LOG.warn("{} of {} may not be read here; taking {}", key, resource, otherwise);
        return otherwise;
      }
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        throw gone(resource.name(), e);
      }
      throw failed(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private KafkaSetupException gone(String topic, ExecutionException e) {
    return new KafkaSetupException("topic '" + topic + "' does not exist at " + servers, e);
  }

  private KafkaSetupException failed(ExecutionException e) {
    if (e.getCause() instanceof TimeoutException) {
      return BrokerPatience.nobody(servers, patience, e);
    }
    return new KafkaSetupException(
        "Kafka at " + servers + " refused: " + e.getCause().getMessage(), e);
  }

  private static KafkaSetupException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new KafkaSetupException("interrupted while asking Kafka", e);
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
