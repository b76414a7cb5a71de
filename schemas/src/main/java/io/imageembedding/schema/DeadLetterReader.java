// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import java.io.IOException;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Reads dead letters with all that they hold of the original message, in every wire format that
 * they are written in. Not thread-safe.
 */
@NullMarked
@PublicEvolving
public final class DeadLetterReader {
  private final WireCodec.Reading<DeadLetter> form;

  /**
   * @param registry null unless the format needs it
   * @throws IllegalArgumentException if dead letters are not written in the format
   */
  public DeadLetterReader(WireFormat format, @Nullable SchemaRegistry registry) {
    form = format.output("dead letters", registry).deadLetters(registry);
  }

  /**
   * The dead letter in a message's value.
   *
   * @throws UnreadableRecordException if there is none that can be read
   * @throws IOException if the schema registry does not answer
   */
  public DeadLetter read(byte @Nullable [] value) throws UnreadableRecordException, IOException {
    return form.read(value);
  }
}
