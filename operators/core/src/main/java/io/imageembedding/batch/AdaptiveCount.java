// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

/**
 * How many elements a batch may have so that an element is done within a budget: in the worst case
 * it comes just after a batch has started, waits for that one, and then for its own. Times are
 * smoothed by size; a size that was never measured is taken to cost as much per element as the
 * nearest that was.
 */
final class AdaptiveCount {
  private static final double WEIGHT_OF_NEWEST = 0.2;

  private final int most;
  private final double budgetNanos;
  private final double[] nanosByCount;

  /**
   * @param most elements that are never exceeded
   */
  AdaptiveCount(int most, long budgetNanos) {
    this.most = most;
    this.budgetNanos = budgetNanos;
    nanosByCount = new double[most + 1];
  }

  /** A batch of so many elements took so long. */
  void took(int count, long nanos) {
    double before = nanosByCount[count];
    nanosByCount[count] = before == 0 ? nanos : before + WEIGHT_OF_NEWEST * (nanos - before);
  }

  /** At least 1; until anything was measured, 1. */
  int limit() {
    int nearest = 0;
    int limit = 1;
    for (int count = 1; count <= most; count++) {
      if (nanosByCount[count] > 0) {
        nearest = count;
      }
      double expected = nearest == 0 ? Double.MAX_VALUE : nanosByCount[nearest] / nearest * count;
      if (2 * expected <= budgetNanos) {
        limit = count;
      }
    }
    return limit;
  }
}
