// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.types.RecordTypeInformation;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A message ready to be sent.
 *
 * @param key of the message that it answers, null where that has none
 * @param value the encoded record; null for a tombstone
 * @param headers of the message that it answers
 * @param partition of the message that it answers; chooses the partition where there is no key
 */
record OutgoingMessage(byte[] key, byte[] value, List<KafkaHeader> headers, int partition) {

  static TypeInformation<OutgoingMessage> typeInformation() {
    return new RecordTypeInformation<>(
        OutgoingMessage.class, nested -> OutgoingMessageSerializer.INSTANCE);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OutgoingMessage that
        && Arrays.equals(that.key, key)
        && Arrays.equals(that.value, value)
        && that.headers.equals(headers)
        && that.partition == partition;
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(value);
  }
}
