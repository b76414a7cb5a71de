// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.awt.image.BufferedImage;

/** Makes pixels fewer, each the mean of those in its place: for people's eyes, not for a model. */
final class AreaResize {
  private AreaResize() {}

  /** The pixels in the same proportions, no side longer than that, and never enlarged. */
  static BufferedImage within(int longestSide, Pixels pixels) {
    double scale = Math.min(1, (double) longestSide / Math.max(pixels.width(), pixels.height()));
    int width = Math.max(1, (int) Math.round(pixels.width() * scale));
    int height = Math.max(1, (int) Math.round(pixels.height() * scale));
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    byte[] row = new byte[pixels.width() * 3];
    for (int y = 0; y < height; y++) {
      long[] sums = new long[width * 3];
      int from = edge(y, pixels.height(), height);
      int to = edge(y + 1, pixels.height(), height);
      for (int sourceRow = from; sourceRow < to; sourceRow++) {
        pixels.read(sourceRow, row);
        add(row, pixels.width(), sums);
      }
      for (int x = 0; x < width; x++) {
        int columns = edge(x + 1, pixels.width(), width) - edge(x, pixels.width(), width);
        long count = (long) (to - from) * columns;
        int rgb = 0;
        for (int channel = 0; channel < 3; channel++) {
          rgb = rgb << 8 | (int) ((sums[x * 3 + channel] + count / 2) / count);
        }
        image.setRGB(x, y, rgb);
      }
    }
    return image;
  }

  private static void add(byte[] row, int sourceWidth, long[] sums) {
    int width = sums.length / 3;
    for (int x = 0; x < width; x++) {
      int to = edge(x + 1, sourceWidth, width);
      for (int source = edge(x, sourceWidth, width); source < to; source++) {
        for (int channel = 0; channel < 3; channel++) {
          sums[x * 3 + channel] += row[source * 3 + channel] & 0xff;
        }
      }
    }
  }

  /** Where the i-th of so many equal parts of the source begins. */
  private static int edge(int i, int sourceSize, int size) {
    return (int) ((long) i * sourceSize / size);
  }
}
