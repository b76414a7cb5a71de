// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.awt.image.Raster;

/**
 * CIE L*a*b* with white D50, as TIFF 6.0 (section 23) and ICC profiles store it, in sRGB: by the
 * formulas themselves and to the nearest level, within one level of what LittleCMS computes without
 * tables. Colours that sRGB does not have are cut off where it ends.
 */
final class LabColours {
  /** White of ICC's profile connection space, in X, Y and Z. */
  private static final double[] WHITE = {0.9642, 1, 0.8249};

  /** From X, Y and Z to linear sRGB, whose white D65 is adapted to D50 by Bradford's method. */
  private static final double[][] LINEAR = {
    {3.1338564, -1.6168668, -0.4906148},
    {-0.9787686, 1.9161416, 0.0334541},
    {0.0719452, -0.2289914, 1.4052427},
  };

  private static final double KNEE = 6.0 / 29;

  /** The linear value from which on each level but the first is the nearest. */
  private static final double[] FROM = new double[256];

  private static final int STEPS = 4096;

  /** The level of each step of linear values, at its lower end. */
  private static final short[] LEVELS = new short[STEPS + 1];

  static {
    for (int level = 1; level < FROM.length; level++) {
      FROM[level] = linear((level - 0.5) / 255);
    }
    for (int step = 0; step <= STEPS; step++) {
      LEVELS[step] = (short) level(0, step / (double) STEPS);
    }
  }

  private LabColours() {}

  private static double linear(double srgb) {
    return srgb <= 0.04045 ? srgb / 12.92 : Math.pow((srgb + 0.055) / 1.055, 2.4);
  }

  private static int level(int least, double linear) {
    int level = least;
    while (level < 255 && linear >= FROM[level + 1]) {
      level++;
    }
    return level;
  }

  private static byte level(double linear) {
    double within = Math.max(0, Math.min(1, linear));
    return (byte) level(LEVELS[(int) (within * STEPS)], within);
  }

  /**
   * Converts all pixels.
   *
   * @param raster its first three samples are L*, a* and b* in 8 or 16 bits
   * @param signed whether a* and b* are, as TIFF's CIELab has them; those of ICC Lab are not
   * @param rgb written to
   */
  static void convert(Raster raster, int bits, boolean signed, byte[] rgb) {
    int width = raster.getWidth();
    int[] light = new int[width];
    int[] a = new int[width];
    int[] b = new int[width];
    double white = bits == 8 ? 255 : signed ? 65_535 : 65_280;
    int at = 0;
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getSamples(0, y, width, 1, 0, light);
      raster.getSamples(0, y, width, 1, 1, a);
      raster.getSamples(0, y, width, 1, 2, b);
      for (int x = 0; x < width; x++) {
        double fy = (light[x] * 100 / white + 16) / 116;
        double cieX = WHITE[0] * linearLight(fy + chroma(a[x], bits, signed) / 500);
        double cieY = WHITE[1] * linearLight(fy);
        double cieZ = WHITE[2] * linearLight(fy - chroma(b[x], bits, signed) / 200);
        for (double[] row : LINEAR) {
          rgb[at++] = level(row[0] * cieX + row[1] * cieY + row[2] * cieZ);
        }
      }
    }
  }

  private static double chroma(int sample, int bits, boolean signed) {
    if (bits == 8) {
      return signed ? (byte) sample : sample - 128;
    }
    return (signed ? (short) sample : sample - 32_768) / 256.0;
  }

  private static double linearLight(double root) {
    return root > KNEE ? root * root * root : 3 * KNEE * KNEE * (root - 4.0 / 29);
  }
}
