// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.apache.flink.util.Preconditions.checkNotNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * A header of a message, untouched.
 *
 * @param key may occur more than once in a message
 * @param value null where it has none; not to be changed
 */
@PublicEvolving
public record KafkaHeader(String key, byte @Nullable [] value) {

  public KafkaHeader {
    checkNotNull(key, "key");
  }

  static List<KafkaHeader> of(Iterable<Header> headers) {
    List<KafkaHeader> copies = new ArrayList<>();
    headers.forEach(header -> copies.add(new KafkaHeader(header.key(), header.value())));
    return copies;
  }

  static List<Header> toKafka(List<KafkaHeader> headers) {
    return headers.stream()
        .<Header>map(header -> new RecordHeader(header.key, header.value))
        .toList();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KafkaHeader that
        && that.key.equals(key)
        && Arrays.equals(that.value, value);
  }

  @Override
  public int hashCode() {
    return 31 * key.hashCode() + Arrays.hashCode(value);
  }
}
