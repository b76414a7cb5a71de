// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.types.RecordTypeInformation;
import java.util.Objects;
import java.util.Optional;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A message whose answer is ready to be stored and sent: with the embedding of its image, or
 * without one where it is a tombstone, which says by a key without a value that the image of that
 * id is deleted.
 */
@PublicEvolving
public final class EmbeddedMessage {

  /** Why what comes before the topics does not take the answer. */
  record Refused(Code code, String reason) {}

  private final KafkaMessage message;
  private final String id;
  private final EmbeddingFields embedding;
  private final Refused refused;

  /**
   * @param embedding null for a tombstone
   * @param refused null where it is taken
   */
  EmbeddedMessage(KafkaMessage message, String id, EmbeddingFields embedding, Refused refused) {
    this.message = checkNotNull(message, "message");
    this.id = checkNotNull(id, "id");
    this.embedding = embedding;
    this.refused = refused;
  }

  EmbeddedMessage(KafkaMessage message, EmbeddingFields embedding) {
    this(message, embedding.id(), embedding, null);
  }

  static EmbeddedMessage tombstone(KafkaMessage message, String id) {
    return new EmbeddedMessage(message, id, null, null);
  }

  /** Type information with a serializer of its own. */
  public static TypeInformation<EmbeddedMessage> typeInformation() {
    return new RecordTypeInformation<>(
        EmbeddedMessage.class, nested -> new EmbeddedMessageSerializer());
  }

  /** The message as it came. */
  public KafkaMessage message() {
    return message;
  }

  /** Id of the image. */
  public String id() {
    return id;
  }

  /** The embedding; empty for a tombstone. */
  public Optional<EmbeddingFields> embedding() {
    return Optional.ofNullable(embedding);
  }

  /** Where the message came from. */
  public SourcePosition source() {
    return message.source();
  }

  /**
   * The same, not to be sent: the message goes to the dead letters, with stage {@code store}.
   *
   * @param reason in words, one line
   */
  public EmbeddedMessage refused(Code code, String reason) {
    return new EmbeddedMessage(message, id, embedding, new Refused(code, reason));
  }

  Refused refusal() {
    return refused;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbeddedMessage that
        && that.message.equals(message)
        && that.id.equals(id)
        && Objects.equals(that.embedding, embedding)
        && Objects.equals(that.refused, refused);
  }

  @Override
  public int hashCode() {
    return message.hashCode();
  }

  @Override
  public String toString() {
    return message + " (" + id + ")";
  }
}
