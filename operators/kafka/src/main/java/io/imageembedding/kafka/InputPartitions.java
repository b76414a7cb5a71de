// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.NoRestartException;
import io.imageembedding.kafka.KafkaOptions.LostMessages;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.flink.connector.kafka.source.enumerator.subscriber.KafkaSubscriber;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of the input topic. Brokers that do not answer are no reason to fail a job that
 * knows them already; a topic that is gone is, and so is one that was made anew under its name.
 */
final class InputPartitions implements KafkaSubscriber {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(InputPartitions.class);

  /** A broker that is starting may not know a topic yet. */
  private static final int MOST_MISSES = 1;

  private final InputSettings settings;
  private transient Set<TopicPartition> known;
  private transient Uuid id;
  private transient int misses;

  InputPartitions(InputSettings settings) {
    this.settings = settings;
  }

  @Override
  public Set<TopicPartition> getSubscribedTopicPartitions(AdminClient admin) {
    String topic = settings.topic();
    try {
      TopicDescription found =
          admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
      misses = 0;
      requireTheSame(found.topicId());
      known =
          found.partitions().stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .collect(Collectors.toUnmodifiableSet());
      return known;
    } catch (ExecutionException e) {
      return knownIn(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaSetupException("interrupted while asking Kafka", e);
    }
  }

  private void requireTheSame(Uuid found) {
    if (id != null && !id.equals(found)) {
      String what =
          "topic '" + settings.topic() + "' was deleted and made anew while the job was reading it";
      if (settings.lost() == LostMessages.FAIL) {
        throw new NoRestartException(
            what + "; start the job anew, without a checkpoint of the old topic");
      }
      LOG.warn("{}; messages at offsets that were read of the old one are not read", what);
    }
    id = found;
  }

  private Set<TopicPartition> knownIn(ExecutionException e) {
    Throwable cause = e.getCause();
    if (cause instanceof UnknownTopicOrPartitionException) {
      if (known == null || misses++ == MOST_MISSES) {
        throw new NoRestartException("topic '" + settings.topic() + "' does not exist any more");
      }
    } else if (known == null || !(cause instanceof RetriableException)) {
      throw new KafkaSetupException(
          "Kafka does not say what partitions topic '"
              + settings.topic()
              + "' has: "
              + cause.getMessage(),
          e);
    }
    LOG.warn(
        "Kafka did not say what partitions topic '{}' has, which is asked again in {} ms: {}",
        settings.topic(),
        settings.watch().toMillis(),
        cause.getMessage());
    return known;
  }
}
