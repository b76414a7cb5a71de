// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Hands messages on as they are. */
final class MessageDeserializer implements KafkaRecordDeserializationSchema<KafkaMessage> {
  private static final long serialVersionUID = 1L;

  @Override
  public void deserialize(
      ConsumerRecord<byte[], byte[]> record, Collector<KafkaMessage> collector) {
    collector.collect(
        new KafkaMessage(
            record.key(),
            record.value(),
            KafkaHeader.of(record.headers()),
            record.topic(),
            record.partition(),
            record.offset(),
            record.timestamp()));
  }

  @Override
  public TypeInformation<KafkaMessage> getProducedType() {
    return KafkaMessage.typeInformation();
  }
}
