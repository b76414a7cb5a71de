// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/**
 * What a file says of its image.
 *
 * @param width in pixels
 * @param height in pixels
 * @param frames of an animation, or pages
 * @param orientation EXIF's, 1 to 8
 * @param decoder which decoder takes it
 * @param cost what decoding it takes
 */
record ImageHeader(int width, int height, int frames, int orientation, Decoder decoder, Cost cost) {

  /** Who decodes an image. */
  enum Decoder {
    /** TensorFlow, in native memory. */
    TENSORFLOW,
    /** The JDK's reader of bitmaps. */
    JDK_BMP,
    /** TwelveMonkeys' reader of lossy WebP. */
    LOSSY_WEBP,
    /** Our own reader of lossless WebP. */
    LOSSLESS_WEBP,
    /** TwelveMonkeys' reader of TIFF. */
    TIFF,
    /** The same, whose samples are TIFF's own CIE L*a*b*. */
    CIELAB_TIFF,
    /** The same, whose samples are CIE L*a*b* as in ICC profiles. */
    ICCLAB_TIFF
  }

  /**
   * What decoding takes at most, known before it begins.
   *
   * @param pixels allocated for one picture: more than its own where it is stored in tiles that
   *     reach beyond it, or in a frame on a larger canvas
   * @param passes how often each of them may be gone through
   * @param heapBytes of the Java heap; 0 where native code decodes
   */
  record Cost(long pixels, long passes, long heapBytes) {

    /** Pixels that are gone through in all. */
    long work() {
      return Math.multiplyExact(pixels, passes);
    }
  }

  /** A picture that TensorFlow decodes in one pass. */
  static ImageHeader reference(int width, int height, int frames, int orientation) {
    return reference(width, height, frames, orientation, 1);
  }

  /** A picture that TensorFlow decodes in several. */
  static ImageHeader reference(int width, int height, int frames, int orientation, int passes) {
    return new ImageHeader(
        width,
        height,
        frames,
        orientation,
        Decoder.TENSORFLOW,
        new Cost((long) width * height, passes, 0));
  }
}
