// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.Header;
import io.imageembedding.schema.OmittedOriginal;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Stage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Encodes dead letters that their topic takes: with all of the original if there is room, else
 * without its headers, its value, both, or its key and id, too, saying so in the message.
 */
final class DeadLetterEncoder {
  private static final int MAX_REASON = 2000;

  /** What of the original is kept, in the order in which it is tried. */
  private enum Kept {
    ALL(true, true, true, ""),
    VALUE_AND_KEY(true, false, true, "the original headers"),
    KEY_AND_HEADERS(false, true, true, "the original value"),
    KEY(false, false, true, "the original value and headers"),
    NOTHING(false, false, false, "the original value, headers, key and id");

    private final boolean value;
    private final boolean headers;
    private final boolean key;
    private final String left;

    Kept(boolean value, boolean headers, boolean key, String left) {
      this.value = value;
      this.headers = headers;
      this.key = key;
      this.left = left;
    }
  }

  private final RecordWriter<DeadLetter> writer;
  private final int maxBytes;

  /**
   * An encoder for the topic of a running job.
   *
   * @throws KafkaSetupException if the topic does not keep them
   */
  static DeadLetterEncoder of(WireSettings wire, String topic, TopicSettings.Lookup topics)
      throws IOException {
    TopicSettings settings = topics.of(topic);
    settings.requireKeepsDeadLetters(topic);
    return new DeadLetterEncoder(
        RecordWriter.deadLetters(wire.output(), wire.registry(wire.output()), topic),
        settings.maxMessageBytes());
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
  OutgoingMessage encode(KafkaMessage message, String id, Stage stage, Code code, String reason) {
    for (Kept kept : Kept.values()) {
      if (kept.value && length(message.value()) > maxBytes
          || kept.headers && message.headers().size() > MessageSizes.MAX_HEADERS) {
        continue;
      }
      OutgoingMessage encoded = encode(message, id, stage, code, reason, kept);
      if (MessageSizes.upperBound(encoded) <= maxBytes || kept == Kept.NOTHING) {
        return encoded;
      }
    }
    throw new IllegalStateException("nothing is more than " + Kept.NOTHING);
  }

  private OutgoingMessage encode(
      KafkaMessage message, String id, Stage stage, Code code, String reason, Kept kept) {
    List<KafkaHeader> headers = kept.headers ? message.headers() : List.of();
    byte[] key = kept.key ? message.key() : null;
    DeadLetter letter =
        new DeadLetter(
            kept.key ? id : null,
            stage,
            code,
            kept == Kept.ALL
                ? shortened(reason)
                : shortened(reason)
                    + OmittedOriginal.note(kept.left, maxBytes, MessageSizes.MAX_HEADERS),
            EmbeddingFields.source(message.source()),
            buffer(key),
            kept.value ? buffer(message.value()) : null,
            headers.stream()
                .map(header -> new Header(header.key(), buffer(header.value())))
                .toList(),
            Instant.now().truncatedTo(ChronoUnit.MILLIS));
    return new OutgoingMessage(key, bytes(letter), headers, message.source().partition());
  }

  private byte[] bytes(DeadLetter letter) {
    try {
      return writer.write(letter);
    } catch (IOException e) {
      throw new IllegalStateException("a dead letter cannot be written", e);
    }
  }

  /** The reason as text that any format takes: without halves of surrogate pairs. */
  private static String shortened(String reason) {
    String text = reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON) + "…";
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private static int length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }
}
