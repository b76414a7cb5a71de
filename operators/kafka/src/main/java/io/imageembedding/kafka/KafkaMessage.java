// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.types.RecordTypeInformation;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A message as it came from its topic, nothing decoded. Arrays are not to be changed.
 *
 * @param key null where it has none
 * @param value null where it has none
 * @param headers in order
 * @param topic that it came from
 * @param partition of the topic
 * @param offset in the partition
 * @param timestamp that it has in Kafka, or that of an earlier message of its partition where that
 *     is later, in milliseconds since 1970-01-01 UTC; {@link #NO_TIMESTAMP} where none has one. So
 *     it never goes back within a partition, and of two messages with one id it tells the newer
 */
@PublicEvolving
public record KafkaMessage(
    byte[] key,
    byte[] value,
    List<KafkaHeader> headers,
    String topic,
    int partition,
    long offset,
    long timestamp) {

  /** Timestamp of a message that has none, as Kafka's own consumer says it. */
  public static final long NO_TIMESTAMP = -1;

  public KafkaMessage {
    headers = List.copyOf(headers);
    checkNotNull(topic, "topic");
  }

  /** Type information with a serializer of its own. */
  public static TypeInformation<KafkaMessage> typeInformation() {
    return new RecordTypeInformation<>(
        KafkaMessage.class, nested -> KafkaMessageSerializer.INSTANCE);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KafkaMessage that
        && Arrays.equals(that.key, key)
        && Arrays.equals(that.value, value)
        && that.headers.equals(headers)
        && that.topic.equals(topic)
        && that.partition == partition
        && that.offset == offset
        && that.timestamp == timestamp;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(offset) * 31 + partition;
  }

  @Override
  public String toString() {
    return topic + "-" + partition + "-" + offset;
  }
}
