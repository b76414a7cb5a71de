// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sends messages with key and headers of the ones they answer. Those without key go to partitions
 * by the partition that the original came from, so that order is kept for them, too. They get the
 * time at which they are sent: with the original's, answers to old messages would fall under the
 * output topic's retention at once.
 */
final class MessageSerializer
    implements KafkaRecordSerializationSchema<OutgoingMessage>, KafkaDatasetFacetProvider {
  private static final long serialVersionUID = 1L;

  private final String topic;

  MessageSerializer(String topic) {
    this.topic = topic;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      OutgoingMessage message, KafkaSinkContext context, Long timestamp) {
    Integer partition = null;
    if (message.key() == null) {
      int[] partitions = context.getPartitionsForTopic(topic);
      partition = partitions[message.partition() % partitions.length];
    }
    return new ProducerRecord<>(
        topic,
        partition,
        null,
        message.key(),
        message.value(),
        KafkaHeader.toKafka(message.headers()));
  }

  /** The topic, by which transactional ids that are used again find what was left open. */
  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    return Optional.of(
        new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(List.of(topic))));
  }
}
