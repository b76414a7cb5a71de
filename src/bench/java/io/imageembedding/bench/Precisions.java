// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.model.ModelSource;
import java.util.List;

/** Arithmetic that our model can run in, and the model that does. */
final class Precisions {
  static final String FP32 = "fp32";

  /** What is measured. */
  static final List<String> ALL = List.of(FP32);

  /** Greatest difference of a feature from the expected one that is let through, in fp32. */
  static final double TOLERANCE = 1e-3;

  private Precisions() {}

  /** The built-in model; the one place where a precision is chosen. */
  static ModelSource model(String precision) {
    if (!precision.equals(FP32)) {
      throw new IllegalArgumentException("there is no precision " + precision);
    }
    return ModelSource.parse("builtin");
  }
}
