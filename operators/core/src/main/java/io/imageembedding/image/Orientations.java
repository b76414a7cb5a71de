// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/** Turns and mirrors pixels as EXIF's orientation says (Exif 2.3, 4.6.4 A). */
final class Orientations {
  private Orientations() {}

  /** The pixels as a viewer would show them; closes those that were given if it makes others. */
  static Pixels upright(Pixels stored, int orientation) {
    if (orientation == ExifOrientation.UPRIGHT) {
      return stored;
    }
    try (stored) {
      int storedWidth = stored.width();
      int storedHeight = stored.height();
      boolean transposed = ExifOrientation.isTransposed(orientation);
      int width = transposed ? storedHeight : storedWidth;
      byte[] rgb = new byte[storedWidth * storedHeight * 3];
      byte[] row = new byte[storedWidth * 3];
      for (int y = 0; y < storedHeight; y++) {
        stored.read(y, row);
        for (int x = 0; x < storedWidth; x++) {
          int right = storedWidth - 1 - x;
          int bottom = storedHeight - 1 - y;
          int place =
              switch (orientation) {
                case 2 -> y * width + right;
                case 3 -> bottom * width + right;
                case 4 -> bottom * width + x;
                case 5 -> x * width + y;
                case 6 -> x * width + bottom;
                case 7 -> right * width + bottom;
                default -> right * width + y;
              };
          System.arraycopy(row, x * 3, rgb, place * 3, 3);
        }
      }
      return Pixels.of(width, transposed ? storedWidth : storedHeight, rgb);
    }
  }
}
