// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/**
 * Scales 8-bit pixels to [0,1] and resizes them to a square, bit for bit as {@code
 * tf.image.convert_image_dtype} and {@code tf.image.resize} do: multiplied by 1/255 first;
 * bilinear, half-pixel centres, no antialiasing; interpolated along rows, then between them, in
 * float32.
 */
final class BilinearResize {
  private static final float[] SCALED = new float[256];

  static {
    for (int i = 0; i < SCALED.length; i++) {
      SCALED[i] = i * (float) (1.0 / 255);
    }
  }

  private byte[] rowBytes = new byte[0];
  private float[] row = new float[0];
  private float[] upper;
  private float[] lower;
  private int upperRow;
  private int lowerRow;

  /** Where a coordinate of the result lies in the source. */
  private record Axis(int[] lower, int[] upper, float[] fraction) {

    static Axis of(int sourceSize, int size) {
      int[] lower = new int[size];
      int[] upper = new int[size];
      float[] fraction = new float[size];
      float scale = sourceSize / (float) size;
      for (int i = 0; i < size; i++) {
        float place = (i + 0.5f) * scale - 0.5f;
        float floor = (float) Math.floor(place);
        lower[i] = Math.max((int) floor, 0);
        upper[i] = Math.min((int) Math.ceil(place), sourceSize - 1);
        fraction[i] = place - floor;
      }
      return new Axis(lower, upper, fraction);
    }
  }

  /** Appends the pixels to the tensor. */
  void append(Pixels pixels, ImageTensor into) {
    int size = into.size();
    Axis columns = Axis.of(pixels.width(), size);
    Axis rows = Axis.of(pixels.height(), size);
    prepare(pixels.width(), size);
    for (int y = 0; y < size; y++) {
      select(pixels, rows.lower()[y], rows.upper()[y], columns);
      float fraction = rows.fraction()[y];
      for (int i = 0; i < row.length; i++) {
        row[i] = upper[i] + (lower[i] - upper[i]) * fraction;
      }
      into.write(y, row);
    }
    into.advance();
  }

  private void prepare(int width, int size) {
    if (rowBytes.length < width * 3) {
      rowBytes = new byte[width * 3];
    }
    if (row.length != size * 3) {
      row = new float[size * 3];
      upper = new float[size * 3];
      lower = new float[size * 3];
    }
    upperRow = -1;
    lowerRow = -1;
  }

  /** Makes {@code upper} and {@code lower} the two source rows, interpolated along the row. */
  private void select(Pixels pixels, int first, int second, Axis columns) {
    if (first == lowerRow) {
      float[] swapped = upper;
      upper = lower;
      lower = swapped;
      lowerRow = upperRow;
      upperRow = first;
    }
    if (first != upperRow) {
      interpolate(pixels, first, columns, upper);
      upperRow = first;
    }
    if (second != lowerRow) {
      if (second == first) {
        System.arraycopy(upper, 0, lower, 0, upper.length);
      } else {
        interpolate(pixels, second, columns, lower);
      }
      lowerRow = second;
    }
  }

  private void interpolate(Pixels pixels, int sourceRow, Axis columns, float[] into) {
    pixels.read(sourceRow, rowBytes);
    for (int x = 0; x < into.length / 3; x++) {
      int left = columns.lower()[x] * 3;
      int right = columns.upper()[x] * 3;
      float fraction = columns.fraction()[x];
      for (int channel = 0; channel < 3; channel++) {
        float from = SCALED[rowBytes[left + channel] & 0xff];
        float to = SCALED[rowBytes[right + channel] & 0xff];
        into[x * 3 + channel] = from + (to - from) * fraction;
      }
    }
  }
}
