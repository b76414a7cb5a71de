// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.StoreException;
import java.util.Arrays;
import java.util.Locale;

/** Types that pgvector has for vectors. */
enum ElementType {
  /** Floats of 32 bits. */
  VECTOR(Float.MAX_VALUE, 2000),
  /** Floats of 16 bits. */
  HALFVEC(65504, 4000);

  private final float largest;
  private final int indexable;

  ElementType(float largest, int indexable) {
    this.largest = largest;
    this.indexable = indexable;
  }

  static ElementType parse(String name) {
    return Arrays.stream(values())
        .filter(type -> type.sql().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new StoreException(
                    "type: '" + name + "' is not allowed; allowed: vector or halfvec"));
  }

  /** Its name in SQL. */
  String sql() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Its name in SQL with a dimension. */
  String sql(int dimension) {
    return sql() + "(" + dimension + ")";
  }

  /** Largest feature that it holds. */
  float largest() {
    return largest;
  }

  /** Most features of a vector that an index takes. */
  int indexable() {
    return indexable;
  }
}
