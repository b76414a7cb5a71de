// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.Header;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Stage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Encodes dead letters that their topic takes: with all of the original if there is room, else
 * without its value, then its headers, then its key and id, saying so in the message.
 */
final class DeadLetterEncoder {
  private static final int MAX_REASON = 2000;

  /** What of the original is kept; each keeps less than the one before. */
  private enum Kept {
    ALL(""),
    KEY_AND_HEADERS("the original value"),
    KEY("the original value and headers"),
    NOTHING("the original value, headers, key and id");

    private final String left;

    Kept(String left) {
      this.left = left;
    }
  }

  private final RecordWriter<DeadLetter> writer;
  private final int maxBytes;

  /** An encoder for the topic of a running job. */
  static DeadLetterEncoder of(WireSettings wire, String topic, AnswerEncoder.TopicLimits limits)
      throws IOException {
    return new DeadLetterEncoder(
        RecordWriter.deadLetters(wire.output(), wire.registry(wire.output()), topic),
        limits.maxMessageBytes(topic));
  }

  /**
   * @param maxBytes largest message that the topic takes
   */
  private DeadLetterEncoder(RecordWriter<DeadLetter> writer, int maxBytes) {
    this.writer = writer;
    this.maxBytes = maxBytes;
  }

  /**
   * @param id null where it could not be read
   */
  OutgoingMessage encode(KafkaMessage message, String id, Stage stage, Code code, String reason)
      throws IOException {
    OutgoingMessage encoded = null;
    for (Kept kept : Kept.values()) {
      if (kept == Kept.ALL && length(message.value()) > maxBytes) {
        continue;
      }
      encoded = encode(message, id, stage, code, reason, kept);
      if (MessageSizes.upperBound(encoded) <= maxBytes) {
        break;
      }
    }
    return encoded;
  }

  private OutgoingMessage encode(
      KafkaMessage message, String id, Stage stage, Code code, String reason, Kept kept)
      throws IOException {
    boolean withHeaders = kept.compareTo(Kept.KEY_AND_HEADERS) <= 0;
    boolean withKey = kept.compareTo(Kept.KEY) <= 0;
    List<KafkaHeader> headers = withHeaders ? message.headers() : List.of();
    byte[] key = withKey ? message.key() : null;
    DeadLetter letter =
        new DeadLetter(
            withKey ? id : null,
            stage,
            code,
            kept == Kept.ALL ? shortened(reason) : shortened(reason) + leftOut(kept),
            AnswerEncoder.source(message),
            buffer(key),
            kept == Kept.ALL ? buffer(message.value()) : null,
            headers.stream()
                .map(header -> new Header(header.key(), buffer(header.value())))
                .toList(),
            Instant.now().truncatedTo(ChronoUnit.MILLIS));
    return new OutgoingMessage(key, writer.write(letter), headers, message.partition());
  }

  private String leftOut(Kept kept) {
    return " ["
        + kept.left
        + " left out: the dead letter would be larger than the "
        + maxBytes
        + " bytes that its topic takes]";
  }

  private static String shortened(String reason) {
    return reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON) + "…";
  }

  private static int length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }
}
