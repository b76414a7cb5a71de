// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Images and their vectors that lie beside a model, as the file {@value #FILE} of NumPy's format:
 * array {@code input} [n, size, size, 3] of RGB in [0,1], array {@code output} [n, features].
 */
@Internal
public record GoldenVectors(Npy input, Npy output) {
  static final String FILE = "probe.npz";
  static final double TOLERANCE = 1e-3;

  /** A hundred images of 224 pixels. */
  private static final long MAX_BYTES = 64L << 20;

  /**
   * @throws ModelException if there are some that cannot be read or do not fit
   */
  public static Optional<GoldenVectors> in(ModelOrigin origin, int size) {
    if (origin.folder() == null || !Files.isRegularFile(origin.folder().resolve(FILE))) {
      return Optional.empty();
    }
    Path file = origin.folder().resolve(FILE);
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("it is larger than " + MAX_BYTES + " bytes");
      }
      Map<String, Npy> arrays = Npy.readArchive(file, Set.of("input", "output"), MAX_BYTES);
      Npy input = arrays.get("input");
      Npy output = arrays.get("output");
      int[] shape = input == null ? new int[0] : input.shape();
      boolean fits =
          output != null
              && shape.length == 4
              && shape[0] > 0
              && Arrays.equals(shape, new int[] {shape[0], size, size, 3})
              && output.shape().length == 2
              && output.shape()[0] == shape[0];
      if (!fits) {
        throw ModelException.of(
            origin.name(),
            FILE
                + " does not fit; needed: input [n, "
                + size
                + ", "
                + size
                + ", 3] and output [n, features]");
      }
      return Optional.of(new GoldenVectors(input, output));
    } catch (IOException | RuntimeException e) {
      if (e instanceof ModelException known) {
        throw known;
      }
      throw ModelException.of(origin.name(), FILE + " cannot be read (" + e.getMessage() + ")", e);
    }
  }

  int count() {
    return input.shape()[0];
  }

  float[] image(int index) {
    int length = input.values().length / count();
    float[] image = new float[length];
    for (int i = 0; i < length; i++) {
      image[i] = (float) input.values()[index * length + i];
    }
    return image;
  }

  float[] vector(int index) {
    double[] row = output.row(index);
    float[] vector = new float[row.length];
    for (int i = 0; i < row.length; i++) {
      vector[i] = (float) row[i];
    }
    return vector;
  }
}
