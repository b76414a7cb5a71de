// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client that a broker has answered. Of several servers each is asked by a client of its own, all
 * at once, and the first to answer is taken: Kafka's own clients begin with any of a list, and may
 * go on choosing one that takes connections and says nothing.
 *
 * @param admin whoever has this closes it
 * @param server that answered; where there was one only, that. A client that begins with it gets to
 *     know all brokers of the cluster
 */
record BrokerConnection(AdminClient admin, String server) {
  private static final Logger LOG = LoggerFactory.getLogger(BrokerConnection.class);

  /**
   * Waits until a server answers anything.
   *
   * @param clients with the servers to begin with
   * @param within how long each is waited for
   * @throws KafkaException if no client can be made of the properties
   * @throws KafkaSetupException if no server answers, or those that do refuse
   */
  static BrokerConnection open(Properties clients, Duration within) {
    List<BrokerConnection> asked = asked(clients);
    try {
      BrokerConnection first = first(asked, within).get(2 * within.toMillis(), MILLISECONDS);
      asked.remove(first);
      return first;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException) {
        throw BrokerPatience.nobody(servers(clients), within, e);
      }
      throw new KafkaSetupException(
          "Kafka at " + servers(clients) + " refused: " + e.getCause().getMessage(), e);
    } catch (java.util.concurrent.TimeoutException e) {
      throw BrokerPatience.nobody(servers(clients), within, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaSetupException("interrupted while asking Kafka", e);
    } finally {
      asked.forEach(each -> each.admin().close(Duration.ZERO));
    }
  }

  private static String servers(Properties clients) {
    return clients.getProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG);
  }

  private static List<String> split(String servers) {
    return Stream.of(servers.split(","))
        .map(String::strip)
        .filter(server -> !server.isEmpty())
        .distinct()
        .toList();
  }

  /** One for each server whose name has an address. */
  private static List<BrokerConnection> asked(Properties clients) {
    // Of all of them, as only that says what is wrong with the list as a whole.
    AdminClient ofAll = AdminClient.create(clients);
    List<BrokerConnection> asked = new ArrayList<>();
    List<String> servers = split(servers(clients));
    if (servers.size() == 1) {
      asked.add(new BrokerConnection(ofAll, servers.get(0)));
      return asked;
    }
    ofAll.close(Duration.ZERO);
    for (String server : servers) {
      Properties one = beginningWith(server, clients);
      // Clients that live at the same time need names of their own, where they have any.
      String suffix = "-" + asked.size();
      one.computeIfPresent(AdminClientConfig.CLIENT_ID_CONFIG, (key, id) -> id + suffix);
      try {
        asked.add(new BrokerConnection(AdminClient.create(one), server));
      } catch (KafkaException e) {
        LOG.warn(
            "Kafka server {} is left out: {}",
            server,
            String.valueOf((e.getCause() == null ? e : e.getCause()).getMessage()));
      }
    }
    return asked;
  }

  /** The same properties for a client that begins with that server. */
  static Properties beginningWith(String server, Properties clients) {
    Properties one = new Properties();
    one.putAll(clients);
    one.setProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, server);
    return one;
  }

  private static CompletableFuture<BrokerConnection> first(
      List<BrokerConnection> asked, Duration within) {
    DescribeClusterOptions briefly =
        new DescribeClusterOptions().timeoutMs((int) within.toMillis());
    CompletableFuture<BrokerConnection> first = new CompletableFuture<>();
    List<CompletableFuture<String>> answers = new ArrayList<>();
    for (BrokerConnection each : asked) {
      answers.add(
          each.admin()
              .describeCluster(briefly)
              .clusterId()
              .toCompletionStage()
              .toCompletableFuture()
              .whenComplete(
                  (cluster, failure) -> {
                    if (failure == null) {
                      first.complete(each);
                    }
                  }));
    }
    // What a server said is worth more than that another one said nothing.
    CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .whenComplete(
            (done, failure) ->
                first.completeExceptionally(
                    answers.stream()
                        .map(BrokerConnection::failure)
                        .filter(Objects::nonNull)
                        .filter(each -> !(each instanceof TimeoutException))
                        .findFirst()
                        .orElseGet(() -> new TimeoutException("none of them answered"))));
    return first;
  }

  private static Throwable failure(CompletableFuture<?> answer) {
    Throwable failure = answer.handle((done, thrown) -> thrown).join();
    return failure instanceof CompletionException ? failure.getCause() : failure;
  }
}
