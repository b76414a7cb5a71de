// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;

/**
 * How long brokers are waited for where a person waits, too. Kafka's own limits are a minute and
 * more.
 */
final class BrokerPatience {
  /** Until any of the brokers says anything. */
  static final Duration FIRST_ANSWER = Duration.ofSeconds(8);

  /** A question of any kind, tried again included. */
  static final Duration ANSWER = Duration.ofSeconds(15);

  /** The end of a sentence about servers that are none. */
  static final String NEEDED =
      "; needed: HOST:PORT of brokers that run and that this machine reaches";

  /**
   * One try of a client that cannot be waited for until it is connected; after it Kafka's client
   * may, but need not, turn to another server, so that several have to be possible within its
   * minute.
   */
  static final Duration TRY_IN_BACKGROUND = Duration.ofSeconds(10);

  /** One try where a person waits. */
  private static final Duration TRY = Duration.ofSeconds(5);

  private BrokerPatience() {}

  /** The same properties with these limits, for an admin client. */
  static Properties limited(Properties clientProperties) {
    Properties properties = new Properties();
    properties.putAll(clientProperties);
    set(properties, AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER);
    set(properties, AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, TRY);
    set(properties, CommonClientConfigs.SOCKET_CONNECTION_SETUP_TIMEOUT_MS_CONFIG, TRY);
    set(properties, CommonClientConfigs.SOCKET_CONNECTION_SETUP_TIMEOUT_MAX_MS_CONFIG, TRY);
    return properties;
  }

  private static void set(Properties properties, String key, Duration limit) {
    properties.setProperty(key, String.valueOf(limit.toMillis()));
  }

  /**
   * A client with these limits that a broker has answered.
   *
   * @throws KafkaSetupException if no client can be made of the properties, or no broker answers,
   *     or those that do refuse
   */
  static BrokerConnection connect(Properties clientProperties) {
    try {
      return BrokerConnection.open(limited(clientProperties), FIRST_ANSWER);
    } catch (KafkaException e) {
      Throwable reason = e.getCause() == null ? e : e.getCause();
      String why = String.valueOf(reason.getMessage());
      boolean address = why.contains(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG);
      throw new KafkaSetupException(
          "no Kafka client for "
              + clientProperties.getProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG)
              + ": "
              + why
              + (address ? NEEDED : ""),
          e);
    }
  }

  /**
   * A client with the limits that it is given, for tasks: where nobody answers at once it is of all
   * servers, and waits for them when it is asked.
   */
  static AdminClient patient(Properties clientProperties) {
    try {
      return BrokerConnection.open(clientProperties, FIRST_ANSWER).admin();
    } catch (KafkaSetupException e) {
      return AdminClient.create(clientProperties);
    }
  }

  /** That no broker answered in a time. */
  static KafkaSetupException nobody(String servers, Duration within, Exception cause) {
    return new KafkaSetupException(
        "no Kafka broker answered at " + servers + " within " + within.toSeconds() + " s" + NEEDED,
        cause);
  }
}
