// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Locale;

/**
 * Arithmetic that a network runs in. Part of the vector space: vectors of two must not be mixed.
 */
@PublicEvolving
public enum Precision {
  /** 32-bit floating point: the vectors of the model's own pipeline, on every processor. */
  FP32,
  /**
   * bfloat16 but for the first layers and the mean, with biases corrected at load; the cosine to
   * fp32 is at least 0.999 on probe images with the texture of photos, and at least 0.98 on plain
   * colours and drawings. Measured 1.7 times as fast as fp32 on AMD Zen 4 with AVX-512 BF16, 0.64
   * times on an Intel Xeon with AVX-512 BF16 but no AMX in sight; slower than fp32 on a processor
   * without bfloat16.
   */
  BF16,
  /** bf16 where the processor has it and it is measured to be faster at load, else fp32. */
  AUTO;

  /** Its name in options and provenance: {@code fp32}, {@code bf16} or {@code auto}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The one of that {@link #key()}. */
  public static Precision of(String key) {
    return valueOf(key.toUpperCase(Locale.ROOT));
  }
}
