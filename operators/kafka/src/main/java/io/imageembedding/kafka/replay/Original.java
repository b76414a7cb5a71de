// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka.replay;

import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.Header;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The message that a dead letter holds, as it came, but for header {@value #TRIES}: how often it
 * was sent again.
 */
final class Original {

  /** Header with a number in digits. */
  static final String TRIES = "image-embedding-replays";

  private static final int MOST_DIGITS = 9;

  private Original() {}

  /** How often it was sent again before; 0 where no header says so. */
  static int tries(DeadLetter letter) {
    int tries = 0;
    for (Header header : letter.getHeaders()) {
      if (header.getKey().equals(TRIES) && header.getValue() != null) {
        String text = StandardCharsets.US_ASCII.decode(header.getValue().duplicate()).toString();
        if (text.length() <= MOST_DIGITS && text.matches("\\d+")) {
          tries = Math.max(tries, Integer.parseInt(text));
        }
      }
    }
    return tries;
  }

  /**
   * The message, to be sent to the partition that it came from if that is one of this topic, so
   * that an id stays where it was.
   *
   * @param partitions of the topic
   * @param timestamp null: the time when it is sent
   */
  static ProducerRecord<byte[], byte[]> of(
      DeadLetter letter, String topic, int partitions, Long timestamp) {
    boolean isBack =
        letter.getSource().getTopic().equals(topic)
            && letter.getSource().getPartition() >= 0
            && letter.getSource().getPartition() < partitions;
    RecordHeaders headers = new RecordHeaders();
    for (Header header : letter.getHeaders()) {
      if (!header.getKey().equals(TRIES)) {
        headers.add(header.getKey(), bytes(header.getValue()));
      }
    }
    headers.add(TRIES, String.valueOf(tries(letter) + 1).getBytes(StandardCharsets.US_ASCII));
    return new ProducerRecord<>(
        topic,
        isBack ? letter.getSource().getPartition() : null,
        timestamp,
        bytes(letter.getKey()),
        bytes(letter.getValue()),
        headers);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
