// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.io.IOException;

/** Arithmetic that our model runs in, and how exact its vectors have to be. */
final class Precisions {

  /** Greatest difference of a feature from the expected one that is let through, in fp32. */
  static final double MOST_DIFFERENCE = 1e-3;

  /** Least cosine to the expected vector that is let through, in bf16. */
  static final double LEAST_COSINE = 0.999;

  private Precisions() {}

  /**
   * Waits for a worker, and looks at its vectors.
   *
   * @throws IllegalStateException if they are not those of ours, and no figure of it would be worth
   *     anything
   * @throws IOException if it does not start
   */
  static void check(WorkerProcess worker, String label, boolean mayRound) throws IOException {
    double difference = worker.facts().get(InferenceContender.DIFFERENCE);
    double cosine = mayRound ? worker.facts().get(InferenceContender.COSINE) : 1;
    if (difference > MOST_DIFFERENCE && !(mayRound && cosine >= LEAST_COSINE)) {
      throw new IllegalStateException(
          "%s gives other vectors: a feature differs by %s, least cosine %s"
              .formatted(label, difference, mayRound ? cosine : "not asked for"));
    }
  }

  /** The built-in model; the one place where a precision is chosen. */
  static ModelSource model(Precision precision) {
    return ModelSource.parse("builtin", ModelOptions.builder().precision(precision).build());
  }
}
