// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/**
 * Takes a view of a picture as a square: bilinear, half-pixel centres, no antialiasing, as {@link
 * BilinearResize} takes the whole of it. Goes through the picture's rows once, from the first to
 * the last that is needed, so it holds two of them and not the picture.
 */
final class ViewResize {
  private static final float SCALE = (float) (1.0 / 255);

  private float[] image = new float[0];

  /** Where each pixel of the result lies in the stored picture. */
  private float[] columns = new float[0];

  private float[] rows = new float[0];

  /** Pixels of the result by the stored row above them. */
  private int[] order = new int[0];

  /**
   * The view in a square, in an array that the next picture is written to.
   *
   * @param orientation EXIF's: how the pixels are to be turned before
   * @param size width and height of the square
   */
  float[] resized(Pixels pixels, int orientation, View view, int size) {
    if (image.length != size * size * 3) {
      image = new float[size * size * 3];
      columns = new float[size * size];
      rows = new float[size * size];
      order = new int[size * size];
    }
    place(pixels, orientation, view, size);
    int[] begins = sort(pixels.height());
    byte[] upper = new byte[pixels.width() * 3];
    byte[] lower = new byte[pixels.width() * 3];
    int upperRow = -1;
    int lowerRow = -1;
    for (int row = 0; row < pixels.height(); row++) {
      if (begins[row] == begins[row + 1]) {
        continue;
      }
      int below = Math.min(row + 1, pixels.height() - 1);
      if (row == lowerRow) {
        byte[] swapped = upper;
        upper = lower;
        lower = swapped;
        upperRow = row;
        lowerRow = -1;
      }
      if (row != upperRow) {
        pixels.read(row, upper);
        upperRow = row;
      }
      if (below != lowerRow) {
        pixels.read(below, lower);
        lowerRow = below;
      }
      for (int i = begins[row]; i < begins[row + 1]; i++) {
        interpolate(order[i], upper, lower, pixels.width(), row);
      }
    }
    return image;
  }

  private void place(Pixels pixels, int orientation, View view, int size) {
    boolean transposed = ExifOrientation.isTransposed(orientation);
    boolean across = ExifOrientation.isMirroredAcross(orientation);
    boolean down = ExifOrientation.isMirroredDown(orientation);
    int width = transposed ? pixels.height() : pixels.width();
    int height = transposed ? pixels.width() : pixels.height();
    double cos = Math.cos(view.radians()) * view.scale();
    double sin = Math.sin(view.radians()) * view.scale();
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double right = ((x + 0.5) / size - 0.5) * width * (view.mirrored() ? -1 : 1);
        double below = ((y + 0.5) / size - 0.5) * height;
        double column = view.centreX() * width + right * cos - below * sin - 0.5;
        double row = view.centreY() * height + right * sin + below * cos - 0.5;
        column = Math.max(0, Math.min(width - 1, across ? width - 1 - column : column));
        row = Math.max(0, Math.min(height - 1, down ? height - 1 - row : row));
        columns[y * size + x] = (float) (transposed ? row : column);
        rows[y * size + x] = (float) (transposed ? column : row);
      }
    }
  }

  /** Puts the pixels in order of their rows; says where each row's begin. */
  private int[] sort(int height) {
    int[] begins = new int[height + 1];
    for (float row : rows) {
      begins[(int) row + 1]++;
    }
    for (int row = 0; row < height; row++) {
      begins[row + 1] += begins[row];
    }
    int[] next = begins.clone();
    for (int i = 0; i < rows.length; i++) {
      order[next[(int) rows[i]]++] = i;
    }
    return begins;
  }

  private void interpolate(int pixel, byte[] upper, byte[] lower, int width, int row) {
    int left = (int) columns[pixel];
    int right = Math.min(left + 1, width - 1);
    float across = columns[pixel] - left;
    float down = rows[pixel] - row;
    for (int channel = 0; channel < 3; channel++) {
      float above = between(upper, left * 3 + channel, right * 3 + channel, across);
      float below = between(lower, left * 3 + channel, right * 3 + channel, across);
      image[pixel * 3 + channel] = above + (below - above) * down;
    }
  }

  private static float between(byte[] bytes, int left, int right, float fraction) {
    float from = (bytes[left] & 0xff) * SCALE;
    float to = (bytes[right] & 0xff) * SCALE;
    return from + (to - from) * fraction;
  }
}
