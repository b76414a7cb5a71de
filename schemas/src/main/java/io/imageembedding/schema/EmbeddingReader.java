// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import java.io.IOException;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** Reads embeddings in every wire format that they are written in. Not thread-safe. */
@NullMarked
@PublicEvolving
public final class EmbeddingReader {
  private final WireCodec.Reading<EmbeddingFields> form;

  /**
   * @param registry null unless the format needs it
   * @throws IllegalArgumentException if embeddings are not written in the format
   */
  public EmbeddingReader(WireFormat format, @Nullable SchemaRegistry registry) {
    form = format.output("embeddings", registry).embeddings(registry);
  }

  /**
   * The embedding in a message's value.
   *
   * @throws UnreadableRecordException if there is none that can be read
   * @throws IOException if the schema registry does not answer
   */
  public EmbeddingFields read(byte @Nullable [] value)
      throws UnreadableRecordException, IOException {
    return form.read(value);
  }
}
