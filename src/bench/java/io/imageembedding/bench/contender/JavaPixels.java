// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;

/** Pixels as Java2D makes them. */
public final class JavaPixels {
  private JavaPixels() {}

  /** The image scaled to a square of that size, RGB in [0,1]. */
  public static float[] resized(BufferedImage image, int size) {
    BufferedImage square = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = square.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, size, size, null);
    graphics.dispose();
    int[] packed = square.getRGB(0, 0, size, size, null, 0, size);
    float[] pixels = new float[packed.length * 3];
    for (int i = 0; i < packed.length; i++) {
      pixels[3 * i] = (packed[i] >> 16 & 0xff) / 255f;
      pixels[3 * i + 1] = (packed[i] >> 8 & 0xff) / 255f;
      pixels[3 * i + 2] = (packed[i] & 0xff) / 255f;
    }
    return pixels;
  }
}
