// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.io.Serializable;

/**
 * Upper bounds that an encoded image must respect before any pixel of it is allocated.
 *
 * @param maxBytes encoded size in bytes
 * @param maxWidth declared width in pixels
 * @param maxHeight declared height in pixels
 * @param maxPixels declared width times height
 * @param maxFrames frames of an animation or pages of a document
 */
public record DecodeLimits(
    long maxBytes, int maxWidth, int maxHeight, long maxPixels, int maxFrames)
    implements Serializable {

  /** 64 MiB encoded, 40 megapixels, sides up to 32,767 pixels, 10,000 frames. */
  public static final DecodeLimits DEFAULT =
      new DecodeLimits(64L << 20, 32_767, 32_767, 40_000_000L, 10_000);

  public DecodeLimits {
    requirePositive("maxBytes", maxBytes);
    requirePositive("maxWidth", maxWidth);
    requirePositive("maxHeight", maxHeight);
    requirePositive("maxPixels", maxPixels);
    requirePositive("maxFrames", maxFrames);
  }

  private static void requirePositive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }
}
