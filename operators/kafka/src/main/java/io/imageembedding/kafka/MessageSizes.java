// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How large messages are and may be. */
final class MessageSizes {
  private static final Logger LOG = LoggerFactory.getLogger(MessageSizes.class);

  /**
   * Largest request that our producers send: as large as any topic may be set to take, so that it
   * is the topic's own limit that counts.
   */
  static final int MAX_REQUEST_BYTES = 128 << 20;

  /** Memory of a producer for what waits to be sent: one of the largest messages and then some. */
  static final long BUFFER_BYTES = MAX_REQUEST_BYTES + (32L << 20);

  /** Batch header, and the largest that lengths, offsets and timestamps of a record can be. */
  private static final int OVERHEAD = 100;

  private static final int HEADER_OVERHEAD = 10;

  /**
   * Most headers of a message that is answered by more than a dead letter without them: empty ones
   * take a hundred times more memory than bytes on their topic.
   */
  static final int MAX_HEADERS = 1000;

  private static final int MEMORY_OF_A_HEADER = 100;

  private MessageSizes() {}

  /** An upper bound of what the message takes of its topic's {@code max.message.bytes}. */
  static long upperBound(OutgoingMessage message) {
    return upperBound(message.key(), length(message.value()), message.headers());
  }

  /**
   * The same of a message whose value is not there yet.
   *
   * @param valueBytes that the value takes at most
   */
  static long upperBound(byte[] key, long valueBytes, List<KafkaHeader> headers) {
    long bytes = OVERHEAD + length(key) + valueBytes;
    for (KafkaHeader header : headers) {
      bytes +=
          HEADER_OVERHEAD
              + header.key().getBytes(StandardCharsets.UTF_8).length
              + length(header.value());
    }
    return bytes;
  }

  /** About what a message takes in memory, in bytes. */
  static long inMemory(KafkaMessage message) {
    return length(message.value())
        + length(message.key())
        + (long) MEMORY_OF_A_HEADER * message.headers().size();
  }

  private static long length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  static void report(
      String inputTopic, int inputBytes, String deadLetterTopic, int deadLetterBytes) {
    if (deadLetterBytes < inputBytes) {
      LOG.warn(
          "topic {} takes messages up to {} bytes, {} only up to {}: a dead letter that is too"
              + " large is sent without the original bytes; set max.message.bytes higher to keep"
              + " them",
          inputTopic,
          inputBytes,
          deadLetterTopic,
          deadLetterBytes);
    }
  }
}
