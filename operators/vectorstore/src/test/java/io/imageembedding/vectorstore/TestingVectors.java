// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Vectors that are spread as embeddings are: non-negative, many zeros, and of far fewer degrees of
 * freedom than features. A random linear map of a latent vector, cut off at zero and at six.
 */
public final class TestingVectors {

  /** A space of no real model. */
  public static final Provenance SPACE =
      new Provenance("testing", "a".repeat(64), "fp32", "reference", "5".repeat(64));

  /** Another. */
  public static final Provenance OTHER_SPACE =
      new Provenance("other", "b".repeat(64), "fp32", "reference", "6".repeat(64));

  /** The order in which a store has its ids. */
  static final Comparator<String> BY_CODE_POINTS =
      (a, b) -> Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());

  private static final int LATENT = 48;

  private final Random random;
  private final float[][] map;

  public TestingVectors(int dimension, long seed) {
    random = new Random(seed);
    map = new float[dimension][LATENT];
    for (float[] row : map) {
      for (int i = 0; i < LATENT; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
  }

  /** The next vector. */
  public float[] next() {
    float[] latent = new float[LATENT];
    for (int i = 0; i < LATENT; i++) {
      latent[i] = (float) random.nextGaussian();
    }
    float[] vector = new float[map.length];
    for (int i = 0; i < vector.length; i++) {
      float sum = -2;
      for (int j = 0; j < LATENT; j++) {
        sum += map[i][j] * latent[j];
      }
      vector[i] = Math.min(6, Math.max(0, 0.2f * sum));
    }
    return vector;
  }

  /** A vector with the usual things beside it. */
  public static StoredVector stored(String id, float[] vector, Version version) {
    return stored(id, vector, version, Map.of("class", "class-" + Math.floorMod(id.hashCode(), 4)));
  }

  /** A vector with attributes. */
  public static StoredVector stored(
      String id, float[] vector, Version version, Map<String, String> attributes) {
    return new StoredVector(
        id,
        vector,
        SPACE,
        version,
        new ImageMetadata(
            new ImageInfo("jpeg", 640, 480),
            "file:/images/" + id + ".jpg",
            null,
            new TreeMap<>(attributes)));
  }

  /** The cosine, by the book. */
  public static double cosine(float[] a, float[] b) {
    double dot = 0;
    double squareA = 0;
    double squareB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      squareA += (double) a[i] * a[i];
      squareB += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(squareA * squareB);
  }
}
