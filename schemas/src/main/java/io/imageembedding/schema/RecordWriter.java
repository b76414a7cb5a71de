// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Writes records into the values of messages in any {@link WireFormat} that {@link
 * WireFormat#isOutput() can be written}. Not thread-safe.
 *
 * @param <T> the record
 */
@NullMarked
@PublicEvolving
public final class RecordWriter<T> {
  private final WireCodec.Writing<T> form;
  private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(8192);

  private RecordWriter(WireCodec.Writing<T> form) {
    this.form = form;
  }

  /**
   * A writer of embeddings; the bytes are those of Avro's own writers, without an object for each
   * feature.
   *
   * @param registry null unless the format needs it
   * @param topic that the records go to
   * @throws IOException if the schema registry does not answer or refuses the schema
   */
  public static RecordWriter<EmbeddingFields> embeddings(
      WireFormat format, @Nullable SchemaRegistry registry, String topic) throws IOException {
    return new RecordWriter<>(format.output("embeddings", registry).embeddings(registry, topic));
  }

  /**
   * A writer of dead letters.
   *
   * @param registry null unless the format needs it
   * @param topic that the records go to
   * @throws IOException if the schema registry does not answer or refuses the schema
   */
  public static RecordWriter<DeadLetter> deadLetters(
      WireFormat format, @Nullable SchemaRegistry registry, String topic) throws IOException {
    return new RecordWriter<>(format.output("dead letters", registry).deadLetters(registry, topic));
  }

  /** The record as the value of a message. */
  public byte[] write(T record) throws IOException {
    buffer.reset();
    form.write(record, buffer);
    return buffer.toByteArray();
  }
}
