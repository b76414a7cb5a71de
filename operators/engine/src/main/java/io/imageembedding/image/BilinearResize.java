// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/**
 * Scales 8-bit pixels to [0,1] and resizes them to a square, bit for bit as {@code
 * tf.image.convert_image_dtype} and {@code tf.image.resize} do: multiplied by 1/255 first;
 * bilinear, half-pixel centres, no antialiasing; interpolated along rows, then between them, in
 * float32. A picture that has to be turned is turned while it is resized, with the same bits as if
 * it had been turned first.
 */
final class BilinearResize {
  private static final float[] SCALED = new float[256];

  static {
    for (int i = 0; i < SCALED.length; i++) {
      SCALED[i] = i * (float) (1.0 / 255);
    }
  }

  private byte[] rowBytes = new byte[0];
  private byte[] nextBytes = new byte[0];
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

    /** The same places, counted from the other end. */
    Axis mirrored() {
      int[] mirroredLower = lower.clone();
      int[] mirroredUpper = upper.clone();
      for (int i = 0; i < lower.length; i++) {
        mirroredLower[i] = sourceSize - 1 - lower[i];
        mirroredUpper[i] = sourceSize - 1 - upper[i];
      }
      return new Axis(sourceSize, mirroredLower, mirroredUpper, fraction);
    }
  }

  /**
   * The pixels in a square, in an array that the next picture is written to.
   *
   * @param orientation EXIF's: how they are to be turned
   * @param size width and height of the square
   */
  float[] resized(Pixels pixels, int orientation, int size) {
    boolean transposed = ExifOrientation.isTransposed(orientation);
    columns = Axis.of(columns, transposed ? pixels.height() : pixels.width(), size);
    rows = Axis.of(rows, transposed ? pixels.width() : pixels.height(), size);
    prepare(pixels.width(), size);
    Axis across = ExifOrientation.isMirroredAcross(orientation) ? columns.mirrored() : columns;
    Axis down = ExifOrientation.isMirroredDown(orientation) ? rows.mirrored() : rows;
    if (transposed) {
      transpose(pixels, across, down, size);
    } else {
      for (int y = 0; y < size; y++) {
        select(pixels, across, down.lower()[y], down.upper()[y]);
        interpolate(down.fraction()[y], y * upper.length);
      }
    }
    return image;
  }

  /** Goes through the stored rows, each of which is a column of the result. */
  private void transpose(Pixels pixels, Axis across, Axis down, int size) {
    if (nextBytes.length < rowBytes.length) {
      nextBytes = new byte[rowBytes.length];
    }
    for (int x = 0; x < size; x++) {
      pixels.read(across.lower()[x], rowBytes);
      pixels.read(across.upper()[x], nextBytes);
      float fraction = across.fraction()[x];
      for (int y = 0; y < size; y++) {
        int top = down.lower()[y] * 3;
        int bottom = down.upper()[y] * 3;
        for (int channel = 0; channel < 3; channel++) {
          float above = between(top + channel, fraction);
          float below = between(bottom + channel, fraction);
          image[(y * size + x) * 3 + channel] = above + (below - above) * down.fraction()[y];
        }
      }
    }
  }

  private float between(int place, float fraction) {
    float from = SCALED[rowBytes[place] & 0xff];
    float to = SCALED[nextBytes[place] & 0xff];
    return from + (to - from) * fraction;
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
  private void select(Pixels pixels, Axis across, int first, int second) {
    if (first == lowerRow) {
      float[] swapped = upper;
      upper = lower;
      lower = swapped;
      lowerRow = upperRow;
      upperRow = first;
    }
    if (first != upperRow) {
      interpolate(pixels, across, first, upper);
      upperRow = first;
    }
    if (second != lowerRow) {
      if (second == first) {
        System.arraycopy(upper, 0, lower, 0, upper.length);
      } else {
        interpolate(pixels, across, second, lower);
      }
      lowerRow = second;
    }
  }

  private void interpolate(Pixels pixels, Axis across, int sourceRow, float[] into) {
    pixels.read(sourceRow, rowBytes);
    for (int x = 0; x < into.length / 3; x++) {
      int left = across.lower()[x] * 3;
      int right = across.upper()[x] * 3;
      float fraction = across.fraction()[x];
      for (int channel = 0; channel < 3; channel++) {
        float from = SCALED[rowBytes[left + channel] & 0xff];
        float to = SCALED[rowBytes[right + channel] & 0xff];
        into[x * 3 + channel] = from + (to - from) * fraction;
      }
    }
  }
}
