// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import io.imageembedding.annotation.Internal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Images with the statistics of photos: shapes of all sizes that lie over each other, each with a
 * colour, a gradient and sometimes stripes ("dead leaves": Lee, Mumford, Huang, Occlusion Models
 * for Natural Images, 2001), under a little noise. The same at every call.
 */
@Internal
public final class ProbeImages {
  private static final long SEED = 20180113;
  private static final int FEWEST_SHAPES = 120;
  private static final int MOST_SHAPES = 320;
  private static final double NOISE = 0.02;

  private final int size;
  private final Random random;
  private final float[] rgb;

  private ProbeImages(int size, long seed) {
    this.size = size;
    random = new Random(seed);
    rgb = new float[size * size * 3];
  }

  /** RGB in [0,1], {@code size * size * 3} values each. */
  public static List<float[]> of(int size, int count) {
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      images.add(new ProbeImages(size, SEED + i).paint());
    }
    return images;
  }

  private float[] paint() {
    float[] ground = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = ground[i % 3];
    }
    int shapes = FEWEST_SHAPES + random.nextInt(MOST_SHAPES - FEWEST_SHAPES);
    for (int i = 0; i < shapes; i++) {
      boolean behind = i < shapes / 4;
      double radius =
          behind
              ? size * (0.1 + 0.4 * random.nextDouble())
              : size * (0.5 * Math.pow(random.nextDouble(), 3) + 1.0 / 60);
      new Shape(radius).paint();
    }
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (float) Math.min(1, Math.max(0, rgb[i] + NOISE * random.nextGaussian()));
    }
    return rgb;
  }

  /** An ellipse or a rectangle, turned. */
  private final class Shape {
    private final double radius;
    private final double x = random.nextDouble() * size;
    private final double y = random.nextDouble() * size;
    private final double cosine;
    private final double sine;
    private final double flatness = 0.3 + 0.7 * random.nextDouble();
    private final boolean rectangle = random.nextBoolean();
    private final double slopeX;
    private final double slopeY;
    private final double stripes = 2 * Math.PI / (3 + random.nextInt(20));
    private final double contrast = random.nextDouble() < 0.4 ? random.nextDouble() / 4 : 0;
    private final float[] colour = new float[3];

    Shape(double radius) {
      this.radius = radius;
      double angle = random.nextDouble() * Math.PI;
      cosine = Math.cos(angle);
      sine = Math.sin(angle);
      slopeX = (random.nextDouble() - 0.5) * 0.8 / radius;
      slopeY = (random.nextDouble() - 0.5) * 0.8 / radius;
      double saturation = random.nextDouble();
      double grey = random.nextDouble();
      for (int i = 0; i < colour.length; i++) {
        colour[i] = (float) (grey * (1 - saturation) + random.nextDouble() * saturation);
      }
    }

    void paint() {
      int bottom = (int) Math.min(size - 1, y + radius);
      int right = (int) Math.min(size - 1, x + radius);
      for (int row = (int) Math.max(0, y - radius); row <= bottom; row++) {
        for (int column = (int) Math.max(0, x - radius); column <= right; column++) {
          paint(row, column);
        }
      }
    }

    private void paint(int row, int column) {
      double along = (column - x) * cosine + (row - y) * sine;
      double across = (row - y) * cosine - (column - x) * sine;
      double u = along / radius;
      double v = across / (radius * flatness);
      boolean inside = rectangle ? Math.abs(u) < 0.7 && Math.abs(v) < 0.7 : u * u + v * v < 1;
      if (!inside) {
        return;
      }
      double shade =
          (column - x) * slopeX + (row - y) * slopeY + contrast * Math.sin(stripes * along);
      for (int i = 0; i < colour.length; i++) {
        rgb[(row * size + column) * 3 + i] = (float) (colour[i] + shade);
      }
    }
  }
}
