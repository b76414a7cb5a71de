// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/**
 * What a file says of its image.
 *
 * @param width in pixels; the larger one where the file names several
 * @param height in pixels; the larger one where the file names several
 * @param frames of an animation, or pages
 * @param orientation EXIF's, 1 to 8
 * @param decoder which decoder takes it
 * @param firstFrameEnd where the first frame ends, 0 where that does not matter
 */
record ImageHeader(
    int width, int height, int frames, int orientation, Decoder decoder, int firstFrameEnd) {

  /** Who decodes an image. */
  enum Decoder {
    TENSORFLOW(0),
    JDK_BMP(8),
    WEBP(24),
    TIFF(12);

    private final int heapBytesPerPixel;

    Decoder(int heapBytesPerPixel) {
      this.heapBytesPerPixel = heapBytesPerPixel;
    }

    /** Java heap that decoding takes, as measured with the largest of its kinds; 0 if none. */
    long heapBytes(long pixels) {
      return pixels * heapBytesPerPixel;
    }
  }

  static ImageHeader of(int width, int height, int frames, int orientation, Decoder decoder) {
    return new ImageHeader(width, height, frames, orientation, decoder, 0);
  }
}
