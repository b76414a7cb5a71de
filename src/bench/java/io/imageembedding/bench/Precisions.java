// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Arithmetic that our model can run in, and the model that does. */
final class Precisions {
  static final String FP32 = "fp32";
  private static final String BF16 = "bf16";
  private static final String AUTO = "auto";

  /** Greatest difference of a feature from the expected one that is let through, in fp32. */
  static final double TOLERANCE = 1e-3;

  /** Smallest cosine to the expected vector that is let through in another arithmetic. */
  static final double SMALLEST_COSINE = 0.999;

  private Precisions() {}

  /** What is measured: bf16 only where the processor has it. */
  static List<String> all() throws IOException {
    return Machine.read().hasBfloat16() ? List.of(FP32, BF16, AUTO) : List.of(FP32);
  }

  /** The built-in model; the one place where a precision is chosen. */
  static ModelSource model(String precision) {
    return ModelSource.parse(
        "builtin",
        ModelOptions.builder()
            .precision(Precision.valueOf(precision.toUpperCase(Locale.ROOT)))
            .build());
  }
}
