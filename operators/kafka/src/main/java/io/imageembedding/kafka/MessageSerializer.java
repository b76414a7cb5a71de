// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sends messages with key and headers of the ones they answer. Those without key go to partitions
 * by the partition that the original came from, so that order is kept for them, too. They get the
 * time at which they are sent: with the original's, answers to old messages would fall under the
 * output topic's retention at once.
 */
final class MessageSerializer implements KafkaRecordSerializationSchema<OutgoingMessage> {
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
}
