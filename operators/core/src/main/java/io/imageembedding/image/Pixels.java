// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/** A decoded image: RGB, 8 bits each, row by row. */
interface Pixels extends AutoCloseable {

  int width();

  int height();

  /** Copies one row, {@code 3 * width()} bytes. */
  void read(int row, byte[] into);

  @Override
  void close();

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

      @Override
      public void close() {}
    };
  }
}
