// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** What a message says, read once: its image, and what stands beside it. */
@NullMarked
@PublicEvolving
public final class ImageMessage {
  private final ImageFields fields;
  private final byte @Nullable [] image;

  /**
   * @param image null where the record has none
   */
  ImageMessage(ImageFields fields, byte @Nullable [] image) {
    this.fields = fields;
    this.image = image;
  }

  /** What stands beside the image. */
  public ImageFields fields() {
    return fields;
  }

  /**
   * The encoded image; may be empty.
   *
   * @throws UnreadableRecordException if the record has none
   */
  public byte[] image() throws UnreadableRecordException {
    if (image == null) {
      throw new UnreadableRecordException(
          Code.MISSING_IMAGE,
          "the record has no image bytes; reading from its uri is not supported");
    }
    return image;
  }
}
