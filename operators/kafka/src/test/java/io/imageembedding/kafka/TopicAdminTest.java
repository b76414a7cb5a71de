// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicAdminTest {
  private static final Node LEADER = new Node(1, "broker", 9092);

  @Test
  void aTopicThatWasCreatedIsWaitedForUntilEveryPartitionHasALeader() {
    TestingAdmin brokers =
        new TestingAdmin(
            KafkaFuture.completedFuture(null),
            List.of(
                unknown(),
                unknown(),
                described(LEADER, null),
                described(LEADER, Node.noNode()),
                described(LEADER, LEADER)));
    try (TopicAdmin admin = new TopicAdmin("broker:9092", brokers, Duration.ofMinutes(5))) {
      admin.createIfMissing("new", 2);
    }

    assertThat(brokers.unasked()).isEmpty();
  }

  @Test
  void aTopicThatAnotherHasJustCreatedIsWaitedForToo() {
    TestingAdmin brokers =
        new TestingAdmin(
            failed(new TopicExistsException("there")), List.of(unknown(), described(LEADER)));
    try (TopicAdmin admin = new TopicAdmin("broker:9092", brokers, Duration.ofMinutes(5))) {
      admin.createIfMissing("new", 1);
    }

    assertThat(brokers.unasked()).isEmpty();
  }

  @Test
  void aTopicThatNeverHasLeadersIsOneClearLine() {
    TestingAdmin brokers =
        new TestingAdmin(
            KafkaFuture.completedFuture(null), List.of(described(LEADER, null), unknown()));
    try (TopicAdmin admin = new TopicAdmin("broker:9092", brokers, Duration.ZERO)) {
      assertThatThrownBy(() -> admin.createIfMissing("new", 2))
          .isInstanceOf(KafkaSetupException.class)
          .hasMessage(
              "topic 'new' at broker:9092 is not ready: a partition of it has had no leader for 0"
                  + " s; needed: brokers that lead all of its partitions");
    }
  }

  @Test
  void aServerThatTakesConnectionsAndSaysNothingIsOneClearLine() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String server = "127.0.0.1:" + silent.getLocalPort();
      Properties client = new Properties();
      client.setProperty("bootstrap.servers", server);

      assertThatThrownBy(() -> new TopicAdmin(client))
          .isInstanceOf(KafkaSetupException.class)
          .hasMessage(
              "no Kafka broker answered at "
                  + server
                  + " within 8 s; needed: HOST:PORT of brokers that run and that this machine"
                  + " reaches");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "no.such.host.invalid:9092, No resolvable bootstrap urls given in bootstrap.servers",
    "localhost, Invalid url in bootstrap.servers: localhost"
  })
  void anAddressThatIsNoneIsOneClearLine(String servers, String why) {
    Properties client = new Properties();
    client.setProperty("bootstrap.servers", servers);

    assertThatThrownBy(() -> new TopicAdmin(client))
        .isInstanceOf(KafkaSetupException.class)
        .hasMessage(
            "no Kafka client for "
                + servers
                + ": "
                + why
                + "; needed: HOST:PORT of brokers that run and that this machine reaches");
  }

  private static KafkaFuture<TopicDescription> unknown() {
    return failed(new UnknownTopicOrPartitionException("not here"));
  }

  private static <T> KafkaFuture<T> failed(Exception failure) {
    KafkaFutureImpl<T> failed = new KafkaFutureImpl<>();
    failed.completeExceptionally(failure);
    return failed;
  }

  private static KafkaFuture<TopicDescription> described(Node... leaders) {
    List<TopicPartitionInfo> partitions = new ArrayList<>();
    for (Node leader : leaders) {
      partitions.add(
          new TopicPartitionInfo(partitions.size(), leader, List.of(LEADER), List.of(LEADER)));
    }
    return KafkaFuture.completedFuture(new TopicDescription("new", false, partitions));
  }
}
