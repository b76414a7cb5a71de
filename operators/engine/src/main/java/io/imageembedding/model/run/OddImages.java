// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import io.imageembedding.annotation.Internal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Pictures without the statistics of photos, on which the rounding of a network does not average
 * out: plain colours, drawings, patterns and noise. The same at every call.
 */
@Internal
public final class OddImages {
  private static final float[][] COLOURS = {
    {0, 0, 0}, {1, 1, 1}, {0.5f, 0.5f, 0.5f}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}
  };

  private OddImages() {}

  /** What colour a place has. */
  @FunctionalInterface
  private interface Painter {
    float at(int x, int y, int channel);
  }

  /** RGB in [0,1], {@code size * size * 3} values each. */
  public static List<float[]> of(int size) {
    List<float[]> images = new ArrayList<>(plain(size));
    int line = Math.max(1, size / 112);
    int step = size / 8;
    images.add(painted(size, (x, y, c) -> x % step < line || y % step < line ? 0 : 1));
    images.add(painted(size, (x, y, c) -> x % step < line || y % step < line ? 1 : 0));
    images.add(painted(size, (x, y, c) -> Math.abs(x - y) < line ? 0 : 1));
    images.add(painted(size, (x, y, c) -> (x / step + y / step) % 2));
    images.add(painted(size, (x, y, c) -> (x + y) % 2));
    images.add(painted(size, (x, y, c) -> (float) x / size));
    images.add(painted(size, (x, y, c) -> c == 2 ? (float) y / size : 0.5f));
    images.add(painted(size, (x, y, c) -> y < size / 2 ? 1 : 0));
    images.add(painted(size, (x, y, c) -> Math.hypot(x - step * 4, y - step * 4) < step ? 0 : 1));
    Random random = new Random(1);
    images.add(painted(size, (x, y, c) -> random.nextFloat()));
    images.add(painted(size, (x, y, c) -> random.nextInt(200) == 0 ? 0 : 1));
    return images;
  }

  /** Those of one colour. */
  public static List<float[]> plain(int size) {
    List<float[]> images = new ArrayList<>();
    for (float[] colour : COLOURS) {
      images.add(painted(size, (x, y, c) -> colour[c]));
    }
    return images;
  }

  private static float[] painted(int size, Painter painter) {
    float[] rgb = new float[size * size * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = painter.at(i / 3 % size, i / 3 / size, i % 3);
    }
    return rgb;
  }
}
