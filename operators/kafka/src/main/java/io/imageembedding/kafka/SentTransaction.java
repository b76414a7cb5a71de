// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * A transaction that is to be committed when its checkpoint is complete.
 *
 * @param committable the connector's
 * @param record where one of its records lies, by which anyone can see whether it was committed;
 *     null in states of the connector's own sink
 */
record SentTransaction(KafkaCommittable committable, RecordPlace record) {

  String id() {
    return committable.getTransactionalId();
  }

  /** Whether it comes from a state, or from a task that is not chained. */
  boolean isRestored() {
    return committable.getProducer().isEmpty();
  }

  /**
   * Where a record lies.
   *
   * @param topic it was sent to
   * @param partition of the topic
   * @param offset in the partition
   * @param timestamp that it has there, which tells it from a record of a topic made anew
   */
  record RecordPlace(String topic, int partition, long offset, long timestamp) {
    static RecordPlace of(RecordMetadata sent) {
      return new RecordPlace(sent.topic(), sent.partition(), sent.offset(), sent.timestamp());
    }

    @Override
    public String toString() {
      return topic + "-" + partition + "@" + offset;
    }
  }
}
