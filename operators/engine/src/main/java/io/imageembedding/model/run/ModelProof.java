// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import io.imageembedding.annotation.Internal;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ProofFigures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Random;

/**
 * What a model has to show before it is used, on images that are made here: its vectors are finite,
 * differ between images, are the same when asked again, and the same alone as in a batch, which
 * those of a network in training mode are not.
 */
@Internal
public final class ModelProof {
  public static final int PROBES = 4;
  private static final double TOLERANCE = 1e-5;

  /** More than rounding in other kernels makes, and far less than training mode does. */
  private static final double LARGEST_ROUNDING = 1e-3;

  /** Runs the model, whatever comes out. */
  @FunctionalInterface
  public interface Runner {
    float[][] run(ImageTensor images);
  }

  private final String model;
  private final int size;
  private final Runner runner;

  private ModelProof(String model, int size, Runner runner) {
    this.model = model;
    this.size = size;
    this.runner = runner;
  }

  /**
   * @param size width and height of the images
   * @throws ModelException with the figures if the model fails
   */
  public static ProofFigures of(String model, int size, Runner runner) {
    return new ModelProof(model, size, runner).prove();
  }

  private ProofFigures prove() {
    List<float[]> images = probes(size);
    float[][] together = run(images);
    for (float[] vector : together) {
      for (float feature : vector) {
        if (!Float.isFinite(feature)) {
          throw refusal("gives " + feature + " for a plain image");
        }
      }
    }
    double scale = scale(together);
    double again = difference(run(images), together);
    requireSame("when asked again", again, TOLERANCE * scale);
    float[][] alone = new float[PROBES][];
    for (int i = 0; i < PROBES; i++) {
      alone[i] = run(images.subList(i, i + 1))[0];
    }
    double difference = difference(alone, together);
    requireSame("alone and in a batch", difference, LARGEST_ROUNDING * scale);
    double spread = 0;
    boolean constant = true;
    for (float[] vector : alone) {
      spread = Math.max(spread, difference(vector, alone[0]));
      // To the bit: a sure classifier gives nearly the same for many images.
      constant &= Arrays.equals(vector, alone[0]);
    }
    if (constant) {
      throw refusal("gives the same vector for different images");
    }
    float[][] pair = run(images.subList(0, 2));
    boolean sameBits =
        Arrays.deepEquals(alone, together)
            && Arrays.deepEquals(pair, Arrays.copyOf(together, pair.length));
    return new ProofFigures(
        together[0].length,
        sameBits,
        difference <= TOLERANCE * scale,
        spread,
        again,
        difference,
        OptionalDouble.empty());
  }

  private void requireSame(String when, double difference, double allowed) {
    if (!(difference <= allowed)) {
      throw refusal(
          "gives an image another vector "
              + when
              + ": they differ by "
              + figure(difference)
              + ", allowed is "
              + figure(allowed)
              + (when.startsWith("alone")
                  ? "; is it a network in training mode? Then export it for inference (training=False)"
                  : ""));
    }
  }

  static String figure(double value) {
    return String.format(Locale.ROOT, "%.2g", value);
  }

  private ModelException refusal(String what) {
    return new ModelException("model " + model + " " + what);
  }

  private float[][] run(List<float[]> images) {
    try (ImageTensor tensor = new ImageTensor(size, images.size())) {
      images.forEach(tensor::append);
      return runner.run(tensor);
    }
  }

  /** The largest magnitude, but at least 1. */
  public static double scale(float[][] vectors) {
    double scale = 1;
    for (float[] vector : vectors) {
      for (float feature : vector) {
        scale = Math.max(scale, Math.abs(feature));
      }
    }
    return scale;
  }

  public static double difference(float[][] a, float[][] b) {
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      most = Math.max(most, difference(a[i], b[i]));
    }
    return most;
  }

  private static double difference(float[] a, float[] b) {
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = Math.abs((double) a[i] - b[i]);
      most = difference <= most ? most : difference;
    }
    return most;
  }

  /** Images with texture at several scales, the same at every call. */
  public static List<float[]> probes(int size) {
    List<float[]> images = new ArrayList<>();
    for (int number = 0; number < PROBES; number++) {
      Random random = new Random(number);
      double[] waves = random.doubles(3 * 4).toArray();
      float[] rgb = new float[size * size * 3];
      for (int i = 0; i < rgb.length; i++) {
        int channel = i % 3;
        double x = (double) (i / 3 % size) / size;
        double y = (double) (i / 3 / size) / size;
        double coarse =
            Math.sin(2 * Math.PI * (3 * waves[channel] * x + 3 * waves[3 + channel] * y));
        double fine =
            Math.sin(2 * Math.PI * (20 * waves[6 + channel] * x - 20 * waves[9 + channel] * y));
        double value = 0.5 + 0.25 * coarse + 0.15 * fine + 0.2 * (random.nextDouble() - 0.5);
        rgb[i] = (float) Math.min(1, Math.max(0, value));
      }
      images.add(rgb);
    }
    return images;
  }
}
