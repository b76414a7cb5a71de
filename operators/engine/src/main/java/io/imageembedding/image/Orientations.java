// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.awt.image.BufferedImage;

/** Turns and mirrors small pictures as EXIF's orientation says (Exif 2.3, 4.6.4 A). */
final class Orientations {
  private Orientations() {}

  /** The picture as a viewer would show it. */
  static BufferedImage upright(BufferedImage stored, int orientation) {
    if (orientation == ExifOrientation.UPRIGHT) {
      return stored;
    }
    boolean transposed = ExifOrientation.isTransposed(orientation);
    int width = transposed ? stored.getHeight() : stored.getWidth();
    int height = transposed ? stored.getWidth() : stored.getHeight();
    BufferedImage upright = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      int down = ExifOrientation.isMirroredDown(orientation) ? height - 1 - y : y;
      for (int x = 0; x < width; x++) {
        int across = ExifOrientation.isMirroredAcross(orientation) ? width - 1 - x : x;
        upright.setRGB(
            x, y, transposed ? stored.getRGB(down, across) : stored.getRGB(across, down));
      }
    }
    return upright;
  }
}
