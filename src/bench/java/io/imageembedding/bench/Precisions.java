// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;

/** Arithmetic that our model runs in, and how exact its vectors have to be. */
final class Precisions {

  /** Greatest difference of a feature from the expected one that is let through, in fp32. */
  static final double MOST_DIFFERENCE = 1e-3;

  /** Least cosine to the expected vector that is let through, in bf16. */
  static final double LEAST_COSINE = 0.999;

  private Precisions() {}

  /** The built-in model; the one place where a precision is chosen. */
  static ModelSource model(Precision precision) {
    return ModelSource.parse("builtin", ModelOptions.builder().precision(precision).build());
  }
}
