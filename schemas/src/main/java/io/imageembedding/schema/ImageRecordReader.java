// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Reads messages with images: all that they say at once, or what stands beside the image alone, so
 * that the image costs nothing. Not thread-safe.
 */
@NullMarked
@PublicEvolving
public final class ImageRecordReader {
  private final WireCodec.ImageReading form;

  /**
   * @param format one that {@link WireFormat#isInput() can be read}
   * @param registry null unless the format needs it
   */
  public ImageRecordReader(WireFormat format, @Nullable SchemaRegistry registry) {
    form = format.input(registry).images(registry);
  }

  /**
   * What a message says. With {@link WireFormat#RAW} the value is the image, and the id is the key,
   * or {@code topic-partition-offset} where that {@link #id is none}. Ids that are empty or hold
   * control characters are none: those of keys and of records are of one kind.
   *
   * @throws UnreadableRecordException if there is no record with an id
   * @throws IOException if the schema registry does not answer
   */
  public ImageMessage read(byte @Nullable [] key, byte @Nullable [] value, SourcePosition source)
      throws UnreadableRecordException, IOException {
    return form.read(key, value, source);
  }

  /**
   * What a message says beside its image, as {@link #read} does.
   *
   * @throws UnreadableRecordException if there is no record with an id
   * @throws IOException if the schema registry does not answer
   */
  public ImageFields fields(byte @Nullable [] key, byte @Nullable [] value, SourcePosition source)
      throws UnreadableRecordException, IOException {
    return form.fields(key, value, source);
  }

  /**
   * The id that a key says: its text. By it a message without a value names the image that is to be
   * deleted. Empty where the key is null, empty, not UTF-8 or holds control characters (U+0000 to
   * U+001F, U+007F to U+009F), as numbers and Avro records that were written as keys do.
   */
  public static Optional<String> id(byte @Nullable [] key) {
    return ImageIds.ofKey(key);
  }
}
