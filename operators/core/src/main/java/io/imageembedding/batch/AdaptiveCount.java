// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import org.apache.flink.annotation.Internal;

/**
 * How many elements a batch may have: as few as are about as fast for each element as any number
 * that fits into the budget. A number fits if an element is done within the budget in the worst
 * case, when it comes just after a batch has started, waits for that one, and then for its own.
 *
 * <p>Sizes are tried in doubling steps as soon as so many elements are at hand. Times are smoothed
 * by size and measured again from time to time; a size that was never measured is taken to continue
 * the line through the two below it.
 */
@Internal
public final class AdaptiveCount {
  private static final double WEIGHT_OF_NEWEST = 0.2;

  /** What a larger batch has to gain for each element, or it only makes its first ones wait. */
  private static final double WORTHWHILE_GAIN = 0.05;

  /** Until a size is known: the first time is that of code and memory that are not warm. */
  private static final int TRIES = 4;

  /** Batches after which a size has to be tried anew. */
  private static final int VALIDITY = 1000;

  private final int most;
  private final double budgetNanos;
  private final double[] nanosByCount;
  private final int[] tries;
  private final long[] measured;
  private long batches;

  /**
   * @param most elements that are never exceeded
   */
  public AdaptiveCount(int most, long budgetNanos) {
    this.most = most;
    this.budgetNanos = budgetNanos;
    nanosByCount = new double[most + 1];
    tries = new int[most + 1];
    measured = new long[most + 1];
  }

  /** A batch of so many elements took so long. */
  public void took(int count, long nanos) {
    if (batches++ - measured[count] > VALIDITY) {
      tries[count] = 0;
    }
    measured[count] = batches;
    double before = nanosByCount[count];
    nanosByCount[count] = tries[count]++ < 2 ? nanos : before + WEIGHT_OF_NEWEST * (nanos - before);
  }

  /** At least 1; until anything was measured, 1. */
  public int limit() {
    if (!known(1)) {
      return 1;
    }
    int known = 1;
    int best = 1;
    double perFurtherElement = perElement(1);
    for (int count = 2; ; count *= 2) {
      int size = Math.min(count, most);
      double expected = nanosByCount[known] + perFurtherElement * (size - known);
      if (size <= known || 2 * expected > budgetNanos) {
        return best;
      }
      if (!known(size)) {
        return size;
      }
      if (2 * nanosByCount[size] > budgetNanos) {
        return best;
      }
      perFurtherElement = (nanosByCount[size] - nanosByCount[known]) / (size - known);
      known = size;
      if (perElement(size) < (1 - WORTHWHILE_GAIN) * perElement(best)) {
        best = size;
      }
    }
  }

  private boolean known(int count) {
    return tries[count] >= TRIES && batches - measured[count] <= VALIDITY;
  }

  private double perElement(int count) {
    return nanosByCount[count] / count;
  }
}
