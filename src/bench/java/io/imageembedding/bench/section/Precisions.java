// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.worker.Figures;
import io.imageembedding.bench.worker.WorkerProcess;
import java.io.IOException;

/** How exact the vectors of a contender have to be. */
final class Precisions {

  /** Greatest difference of a feature from the expected one that is let through, in fp32. */
  static final double MOST_DIFFERENCE = 1e-3;

  /** Least cosine to the expected vector that is let through, in bf16. */
  static final double LEAST_COSINE = 0.999;

  private static final double LEAST_COSINE_OF_PLAIN_BF16 = 0.98;
  private static final double EXACT = 1;

  private Precisions() {}

  /**
   * Waits for a worker, and looks at its vectors.
   *
   * @throws IllegalStateException if they are not those of ours, and no figure of it would be worth
   *     anything
   * @throws IOException if it does not start
   */
  static void check(WorkerProcess worker, String label, boolean mayRound) throws IOException {
    check(worker, label, mayRound ? LEAST_COSINE : EXACT);
  }

  /**
   * Looks at the vectors of plain bfloat16, which are held to no more than to be of the same
   * network.
   *
   * @return its least cosine
   */
  static double checkPlainBf16(WorkerProcess worker, String label) throws IOException {
    check(worker, label, LEAST_COSINE_OF_PLAIN_BF16);
    return worker.fact(Figures.COSINE);
  }

  private static void check(WorkerProcess worker, String label, double least) throws IOException {
    double difference = worker.fact(Figures.DIFFERENCE);
    double cosine = worker.fact(Figures.COSINE);
    if (difference > MOST_DIFFERENCE && !(least < EXACT && cosine >= least)) {
      throw new IllegalStateException(
          "%s gives other vectors: a feature differs by %s, least cosine %s"
              .formatted(label, difference, cosine));
    }
  }
}
