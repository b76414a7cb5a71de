// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Vectors a second of two loops, whose batches take turns. */
final class Rates {
  interface Step {
    void run(int batch) throws Exception;
  }

  private final List<Double> ours = new ArrayList<>();
  private final List<Double> theirs = new ArrayList<>();
  private final List<Double> ratios = new ArrayList<>();
  private final int batches;
  private boolean warm;

  Rates(List<List<StoredVector>> batches) {
    this.batches = batches.size();
  }

  /** Measures a round; the first one is for warming up. */
  void measure(Step our, Step their) throws Exception {
    double ourSeconds = 0;
    double theirSeconds = 0;
    for (int n = 0; n < batches; n++) {
      if (n % 2 == 0) {
        ourSeconds += seconds(our, n);
        theirSeconds += seconds(their, n);
      } else {
        theirSeconds += seconds(their, n);
        ourSeconds += seconds(our, n);
      }
    }
    if (warm) {
      ours.add(batches * StoreMeasurement.BATCH / ourSeconds);
      theirs.add(batches * StoreMeasurement.BATCH / theirSeconds);
      ratios.add(theirSeconds / ourSeconds);
    }
    warm = true;
  }

  private static double seconds(Step step, int batch) throws Exception {
    long start = System.nanoTime();
    step.run(batch);
    return StoreMeasurement.secondsSince(start);
  }

  void print(String name, String against) {
    StoreMeasurement.row(
        name,
        StoreMeasurement.median(ours),
        "vectors/s",
        "%s, %,.0f".formatted(against, StoreMeasurement.median(theirs)),
        StoreMeasurement.median(ratios),
        "%.2f to %.2f".formatted(Collections.min(ratios), Collections.max(ratios)));
  }
}
