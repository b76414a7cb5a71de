// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.ForwardingAdmin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicCollection;

/**
 * An admin client of brokers that answer as they are told to, as brokers do that hear of a topic
 * later than the controller. Its connections go nowhere.
 */
final class TestingAdmin extends ForwardingAdmin {
  private final KafkaFuture<CreateTopicsResult.TopicMetadataAndConfig> created;
  private final Deque<KafkaFuture<TopicDescription>> descriptions;

  /**
   * @param descriptions one for each time that the topic is described
   */
  TestingAdmin(
      KafkaFuture<CreateTopicsResult.TopicMetadataAndConfig> created,
      List<KafkaFuture<TopicDescription>> descriptions) {
    super(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, "127.0.0.1:1"));
    this.created = created;
    this.descriptions = new ArrayDeque<>(descriptions);
  }

  /** What nobody has asked for yet. */
  Collection<KafkaFuture<TopicDescription>> unasked() {
    return descriptions;
  }

  @Override
  public CreateTopicsResult createTopics(Collection<NewTopic> topics, CreateTopicsOptions options) {
    return new CreateTopicsResult(Map.of(topics.iterator().next().name(), created)) {};
  }

  @Override
  public DescribeTopicsResult describeTopics(
      TopicCollection topics, DescribeTopicsOptions options) {
    String topic = ((TopicCollection.TopicNameCollection) topics).topicNames().iterator().next();
    return new DescribeTopicsResult(null, Map.of(topic, descriptions.remove())) {};
  }
}
