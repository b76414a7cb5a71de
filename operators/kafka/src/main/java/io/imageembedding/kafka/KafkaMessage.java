// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.ImageFields;
import io.imageembedding.types.RecordTypeInformation;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.jspecify.annotations.Nullable;

/**
 * A message as it came from its topic, nothing decoded. Arrays are not to be changed.
 *
 * @param key null where it has none
 * @param value null where it has none
 * @param headers in order
 * @param source where it came from
 * @param fields what its record says beside the image, where that was read already; else null, as
 *     it is behind a way from one task to another. No part of what makes messages equal
 */
@PublicEvolving
public record KafkaMessage(
    byte @Nullable [] key,
    byte @Nullable [] value,
    List<KafkaHeader> headers,
    SourcePosition source,
    @Nullable ImageFields fields) {

  public KafkaMessage {
    headers = List.copyOf(headers);
    checkNotNull(source, "source");
  }

  /** The message of a topic, partition and offset, with its timestamp in milliseconds. */
  public KafkaMessage(
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<KafkaHeader> headers,
      String topic,
      int partition,
      long offset,
      long timestamp) {
    this(key, value, headers, new SourcePosition(topic, partition, offset, timestamp), null);
  }

  /** The same, with what its record says. */
  KafkaMessage with(ImageFields read) {
    return new KafkaMessage(key, value, headers, source, read);
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
        && that.source.equals(source);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(source.offset()) * 31 + source.partition();
  }

  @Override
  public String toString() {
    return source.message();
  }
}
