// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.util.Arrays;

/** A decoded image: RGB, 8 bits each, row by row. */
interface Pixels extends AutoCloseable {

  int width();

  int height();

  /** Copies one row, {@code 3 * width()} bytes. */
  void read(int row, byte[] into);

  @Override
  default void close() {}

  /** Pixels in an array. */
  static Pixels of(int width, int height, byte[] rgb) {
    return new Pixels() {
      @Override
      public int width() {
        return width;
      }

      @Override
      public int height() {
        return height;
      }

      @Override
      public void read(int row, byte[] into) {
        System.arraycopy(rgb, row * width * 3, into, 0, width * 3);
      }
    };
  }

  /** Pixels as {@code 0xAARRGGBB}, of which alpha is dropped. */
  static Pixels of(int width, int height, int[] argb) {
    return new Pixels() {
      @Override
      public int width() {
        return width;
      }

      @Override
      public int height() {
        return height;
      }

      @Override
      public void read(int row, byte[] into) {
        for (int x = 0; x < width; x++) {
          int pixel = argb[row * width + x];
          into[x * 3] = (byte) (pixel >> 16);
          into[x * 3 + 1] = (byte) (pixel >> 8);
          into[x * 3 + 2] = (byte) pixel;
        }
      }
    };
  }

  /** Pixels on a black canvas, cut where they reach beyond it. */
  static Pixels placed(Pixels pixels, int left, int top, int width, int height) {
    return new Pixels() {
      private final byte[] inner = new byte[pixels.width() * 3];

      @Override
      public int width() {
        return width;
      }

      @Override
      public int height() {
        return height;
      }

      @Override
      public void read(int row, byte[] into) {
        Arrays.fill(into, 0, width * 3, (byte) 0);
        int covered = Math.min(pixels.width(), width - left);
        if (row >= top && row - top < pixels.height() && covered > 0) {
          pixels.read(row - top, inner);
          System.arraycopy(inner, 0, into, left * 3, covered * 3);
        }
      }

      @Override
      public void close() {
        pixels.close();
      }
    };
  }
}
