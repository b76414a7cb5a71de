// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.Internal;

/**
 * What is taken of a picture instead of the whole of it: a part with the picture's proportions,
 * turned and perhaps mirrored. Where it reaches beyond the picture, the pixels of the edge go on.
 *
 * @param centreX of the part, from 0 at the picture's left to 1 at its right
 * @param centreY of the part, from 0 at the picture's top to 1 at its bottom
 * @param scale length of the part's sides, 1 for those of the picture
 * @param radians by which the part is turned, clockwise
 * @param mirrored whether left and right change places
 */
@Internal
public record View(double centreX, double centreY, double scale, double radians, boolean mirrored) {

  /** The whole picture as it is. */
  public static final View WHOLE = new View(0.5, 0.5, 1, 0, false);

  public View {
    if (!(scale > 0 && scale <= 16)
        || !(Math.abs(centreX) <= 16)
        || !(Math.abs(centreY) <= 16)
        || !Double.isFinite(radians)) {
      throw new IllegalArgumentException(
          "no view: " + centreX + ", " + centreY + ", " + scale + ", " + radians);
    }
  }
}
