// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.SourceHeader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Encodes embeddings and tombstones for their topic. Whether that takes them is known without
 * encoding them, unless they are near to what it takes.
 */
final class EmbeddingEncoder {
  private final WireSettings wire;
  private final String topic;
  private final TopicSettings settings;
  private RecordWriter<EmbeddingFields> writer;

  /** An encoder for the topic of a running job. */
  EmbeddingEncoder(WireSettings wire, String topic, TopicSettings.Lookup topics) {
    this.wire = wire;
    this.topic = topic;
    this.settings = topics.of(topic);
  }

  /**
   * Makes ready what encoding needs; without it that is done for the first message.
   *
   * @throws IOException if the schema registry does not answer or refuses the schema
   */
  void open() throws IOException {
    if (writer == null) {
      writer = RecordWriter.embeddings(wire.output(), wire.registry(wire.output()), topic);
    }
  }

  /**
   * @throws KafkaSetupException if the topic takes no embedding of that dimension
   */
  void requireRoomFor(int dimension) {
    settings.requireRoomForEmbeddings(topic, wire.bytesOfAnEmbedding(dimension), dimension);
  }

  /** Why the topic does not take the message; empty where it does. */
  Optional<String> tooLarge(EmbeddedMessage answer) throws IOException {
    if (answer.embedding().isPresent()
        && MessageSizes.upperBound(
                key(answer), answer.embedding().get().mostBytes(), answer.message().headers())
            <= settings.maxMessageBytes()) {
      return Optional.empty();
    }
    long bytes = MessageSizes.upperBound(encode(answer));
    return bytes <= settings.maxMessageBytes()
        ? Optional.empty()
        : Optional.of(
            "the embedding record takes "
                + bytes
                + " bytes, topic "
                + topic
                + " messages up to "
                + settings.maxMessageBytes());
  }

  /**
   * The message as it is sent. Whatever else than {@link IOException} is thrown, the content is to
   * blame.
   *
   * @throws IOException if the schema registry does not answer or refuses the schema
   */
  OutgoingMessage encode(EmbeddedMessage answer) throws IOException {
    open();
    try {
      return encoded(answer);
    } catch (IOException e) {
      // Nothing is written to but memory.
      throw new UncheckedIOException(e);
    }
  }

  private OutgoingMessage encoded(EmbeddedMessage answer) throws IOException {
    KafkaMessage message = answer.message();
    int partition = message.source().partition();
    return answer.embedding().isPresent()
        ? new OutgoingMessage(
            key(answer), writer.write(answer.embedding().get()), message.headers(), partition)
        : new OutgoingMessage(message.key(), null, headersOfTombstone(message), partition);
  }

  /** The message's; the id where it has none and the topic takes no message without. */
  private byte[] key(EmbeddedMessage answer) {
    byte[] key = answer.message().key();
    return key == null && settings.compacted() ? answer.id().getBytes(StandardCharsets.UTF_8) : key;
  }

  private static List<KafkaHeader> headersOfTombstone(KafkaMessage message) throws IOException {
    List<KafkaHeader> headers = new ArrayList<>(message.headers());
    headers.removeIf(header -> header.key().equals(SourceHeader.KEY));
    headers.add(new KafkaHeader(SourceHeader.KEY, SourceHeader.write(message.source())));
    return headers;
  }
}
