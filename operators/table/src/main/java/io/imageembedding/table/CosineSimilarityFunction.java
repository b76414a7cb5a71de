// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import org.apache.flink.annotation.Internal;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.functions.ScalarFunction;
import org.jspecify.annotations.Nullable;

/**
 * {@code COSINE_SIMILARITY(a, b)}: the cosine of the angle between two vectors, from -1 to 1. NULL
 * where they cannot be compared: one is NULL or has a NULL in it, their lengths differ, or one has
 * no direction or a number that is none.
 */
@Internal
public final class CosineSimilarityFunction extends ScalarFunction {
  private static final long serialVersionUID = 1L;

  public @DataTypeHint("DOUBLE") @Nullable Double eval(
      @DataTypeHint(value = "ARRAY<FLOAT>", bridgedTo = ArrayData.class) @Nullable ArrayData a,
      @DataTypeHint(value = "ARRAY<FLOAT>", bridgedTo = ArrayData.class) @Nullable ArrayData b) {
    if (a == null || b == null || a.size() != b.size()) {
      return null;
    }
    double dot = 0;
    double squaresOfA = 0;
    double squaresOfB = 0;
    for (int i = 0; i < a.size(); i++) {
      if (a.isNullAt(i) || b.isNullAt(i)) {
        return null;
      }
      double x = a.getFloat(i);
      double y = b.getFloat(i);
      dot += x * y;
      squaresOfA += x * x;
      squaresOfB += y * y;
    }
    double cosine = dot / (Math.sqrt(squaresOfA) * Math.sqrt(squaresOfB));
    return Double.isFinite(cosine) ? Math.max(-1, Math.min(1, cosine)) : null;
  }
}
