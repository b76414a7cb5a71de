// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.time.Duration;

/**
 * Upper bounds that an encoded image must respect before any pixel of it is allocated, and in the
 * time that it takes.
 *
 * @param maxBytes encoded size in bytes
 * @param maxWidth declared width in pixels
 * @param maxHeight declared height in pixels
 * @param maxPixels declared width times height
 * @param maxFrames frames of an animation or pages of a document
 * @param maxTime longest time that the image may take to be decoded
 */
@PublicEvolving
public record DecodeLimits(
    long maxBytes, int maxWidth, int maxHeight, long maxPixels, int maxFrames, Duration maxTime)
    implements Serializable {

  /** Default of {@link #maxTime}. */
  private static final Duration TEN_SECONDS = Duration.ofSeconds(10);

  /** 64 MiB encoded, 40 megapixels, sides up to 32,767 pixels, 10,000 frames, 10 seconds. */
  public static final DecodeLimits DEFAULT =
      new DecodeLimits(64L << 20, 32_767, 32_767, 40_000_000L, 10_000, TEN_SECONDS);

  /** The same for images that may take the default time. */
  public DecodeLimits(long maxBytes, int maxWidth, int maxHeight, long maxPixels, int maxFrames) {
    this(maxBytes, maxWidth, maxHeight, maxPixels, maxFrames, TEN_SECONDS);
  }

  public DecodeLimits {
    requirePositive("maxBytes", maxBytes);
    requirePositive("maxWidth", maxWidth);
    requirePositive("maxHeight", maxHeight);
    requirePositive("maxPixels", maxPixels);
    requirePositive("maxFrames", maxFrames);
    requirePositive("maxTime", maxTime.toMillis());
  }

  private static void requirePositive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }
}
