// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.tensorflow.TensorFlowFailure;
import java.io.IOException;

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

  /** Decodes the picture of a file whose headers were walked. */
  @FunctionalInterface
  interface Decoder {

    /**
     * The picture. By whatever else it fails, the file is to blame.
     *
     * @param essential what {@link ImageFormat#essential} leaves of the file
     */
    Pixels decode(byte[] essential, ImageHeader header, Means means)
        throws UndecodableImageException, TensorFlowFailure, IOException;
  }

  /**
   * What decoders may use.
   *
   * @param reference of the formats that TensorFlow knows
   * @param leastSide pixels that are needed of the shorter side, where a picture may be decoded at
   *     a part of its size; 0 where it may not
   */
  record Means(PictureDecoder reference, int leastSide) {}

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
    return new ImageHeader(
        width,
        height,
        frames,
        orientation,
        (essential, header, means) -> means.reference().decode(essential, header),
        new Cost((long) width * height, 1, 0));
  }
}
