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
  private float[] image = new float[0];
  private float[] upper;
  private float[] lower;
  private Axis columns;
  private Axis rows;
  private int upperRow;
  private int lowerRow;

  /** Where a coordinate of the result lies in the source. */
  private record Axis(int sourceSize, int[] lower, int[] upper, float[] fraction) {

    /** The one at hand, if it is the same. */
    static Axis of(Axis known, int sourceSize, int size) {
      return known != null && known.sourceSize == sourceSize && known.lower.length == size
          ? known
          : of(sourceSize, size);
    }

    private static Axis of(int sourceSize, int size) {
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
      return new Axis(sourceSize, lower, upper, fraction);
    }
  }

  /** Appends the pixels to the tensor. */
  void append(Pixels pixels, ImageTensor into) {
    int size = into.size();
    columns = Axis.of(columns, pixels.width(), size);
    rows = Axis.of(rows, pixels.height(), size);
    prepare(pixels.width(), size);
    for (int y = 0; y < size; y++) {
      select(pixels, rows.lower()[y], rows.upper()[y]);
      interpolate(rows.fraction()[y], y * upper.length);
    }
    into.append(image);
  }

  /** One row of the result, between the two source rows. */
  private void interpolate(float fraction, int offset) {
    for (int i = 0; i < upper.length; i++) {
      image[offset + i] = upper[i] + (lower[i] - upper[i]) * fraction;
    }
  }

  private void prepare(int width, int size) {
    if (rowBytes.length < width * 3) {
      rowBytes = new byte[width * 3];
    }
    if (image.length != size * size * 3) {
      image = new float[size * size * 3];
      upper = new float[size * 3];
      lower = new float[size * 3];
    }
    upperRow = -1;
    lowerRow = -1;
  }

  /** Makes {@code upper} and {@code lower} the two source rows, interpolated along the row. */
  private void select(Pixels pixels, int first, int second) {
    if (first == lowerRow) {
      float[] swapped = upper;
      upper = lower;
      lower = swapped;
      lowerRow = upperRow;
      upperRow = first;
    }
    if (first != upperRow) {
      interpolate(pixels, first, upper);
      upperRow = first;
    }
    if (second != lowerRow) {
      if (second == first) {
        System.arraycopy(upper, 0, lower, 0, upper.length);
      } else {
        interpolate(pixels, second, lower);
      }
      lowerRow = second;
    }
  }

  private void interpolate(Pixels pixels, int sourceRow, float[] into) {
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
