// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import io.imageembedding.annotation.Internal;

/** How near two vectors of one length are: the cosine of the angle between them. */
@Internal
public final class Cosine {

  private Cosine() {}

  /** The cosine, computed in doubles; 0 if one of the vectors has no direction. */
  public static double of(float[] a, float[] b) {
    double product = 0;
    double squareOfA = 0;
    double squareOfB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squareOfA += (double) a[i] * a[i];
      squareOfB += (double) b[i] * b[i];
    }
    double lengths = Math.sqrt(squareOfA) * Math.sqrt(squareOfB);
    return lengths == 0 ? 0 : product / lengths;
  }

  /** The length, in floats. */
  public static float length(float[] vector) {
    return (float) Math.sqrt(dot(vector, vector));
  }

  /**
   * The dot product in floats, for those who compare many and know the lengths. In eight sums, as
   * many as a processor adds to at the same time.
   */
  public static float dot(float[] a, float[] b) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    float sum4 = 0;
    float sum5 = 0;
    float sum6 = 0;
    float sum7 = 0;
    int i = 0;
    for (; i < a.length - 7; i += 8) {
      sum0 = Math.fma(a[i], b[i], sum0);
      sum1 = Math.fma(a[i + 1], b[i + 1], sum1);
      sum2 = Math.fma(a[i + 2], b[i + 2], sum2);
      sum3 = Math.fma(a[i + 3], b[i + 3], sum3);
      sum4 = Math.fma(a[i + 4], b[i + 4], sum4);
      sum5 = Math.fma(a[i + 5], b[i + 5], sum5);
      sum6 = Math.fma(a[i + 6], b[i + 6], sum6);
      sum7 = Math.fma(a[i + 7], b[i + 7], sum7);
    }
    for (; i < a.length; i++) {
      sum0 = Math.fma(a[i], b[i], sum0);
    }
    return sum0 + sum1 + sum2 + sum3 + (sum4 + sum5 + sum6 + sum7);
  }
}
