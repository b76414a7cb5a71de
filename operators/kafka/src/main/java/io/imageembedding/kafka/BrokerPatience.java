// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.errors.TimeoutException;

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

  /** One try; after it Kafka's client may, but need not, turn to another server. */
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
   * Waits until a broker answers anything.
   *
   * @param servers for the message
   * @throws KafkaSetupException if none does
   */
  static void awaitFirstAnswer(Admin admin, String servers) {
    DescribeClusterOptions briefly =
        new DescribeClusterOptions().timeoutMs((int) FIRST_ANSWER.toMillis());
    try {
      admin.describeCluster(briefly).clusterId().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException) {
        throw nobody(servers, FIRST_ANSWER, e);
      }
      throw new KafkaSetupException(
          "Kafka at " + servers + " refused: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaSetupException("interrupted while asking Kafka", e);
    }
  }

  /** That no broker answered in a time. */
  static KafkaSetupException nobody(String servers, Duration within, Exception cause) {
    return new KafkaSetupException(
        "no Kafka broker answered at " + servers + " within " + within.toSeconds() + " s" + NEEDED,
        cause);
  }
}
