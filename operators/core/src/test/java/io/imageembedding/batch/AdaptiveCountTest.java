// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class AdaptiveCountTest {
  private static final IntToLongFunction NOTHING_GAINED = count -> 10L * count;
  private static final IntToLongFunction HALF_IS_OVERHEAD = count -> 10L + 10L * count;

  @Test
  void untilAnythingWasMeasuredElementsGoAlone() {
    assertThat(new AdaptiveCount(8, 1_000).limit()).isEqualTo(1);
  }

  @Test
  void elementsGoAloneWhereLargerBatchesGainNothing() {
    assertThat(settled(new AdaptiveCount(16, 10_000), NOTHING_GAINED)).isEqualTo(1);
  }

  @Test
  void whatLargerBatchesGainIsUsed() {
    assertThat(settled(new AdaptiveCount(16, 10_000), HALF_IS_OVERHEAD)).isEqualTo(16);
  }

  @Test
  void twoBatchesInARowFitIntoTheBudget() {
    assertThat(settled(new AdaptiveCount(16, 100), HALF_IS_OVERHEAD)).isEqualTo(4);
  }

  @Test
  void batchesAreNoLargerThanTheyGainBy() {
    IntToLongFunction gainsUpToFour = count -> count <= 4 ? 10L + 10L * count : 50L * count / 4;

    assertThat(settled(new AdaptiveCount(16, 10_000), gainsUpToFour)).isEqualTo(4);
  }

  @Test
  void theGreatestNumberNeedsToBeNoPowerOfTwo() {
    assertThat(settled(new AdaptiveCount(6, 10_000), HALF_IS_OVERHEAD)).isEqualTo(6);
    assertThat(settled(new AdaptiveCount(1, 10_000), HALF_IS_OVERHEAD)).isEqualTo(1);
  }

  @Test
  void elementsGoAloneWhereTheBudgetIsTooShortForOne() {
    assertThat(settled(new AdaptiveCount(8, 15), NOTHING_GAINED)).isEqualTo(1);
  }

  @Test
  void itFollowsAProcessorThatChanges() {
    AdaptiveCount count = new AdaptiveCount(16, 1_000);
    assertThat(settled(count, HALF_IS_OVERHEAD)).isEqualTo(16);

    assertThat(settled(count, size -> 10 * HALF_IS_OVERHEAD.applyAsLong(size))).isEqualTo(4);
    assertThat(settled(count, NOTHING_GAINED)).isEqualTo(1);
    assertThat(settled(count, HALF_IS_OVERHEAD)).isEqualTo(16);
  }

  /** The size that most of the batches have when there is always enough at hand. */
  private static int settled(AdaptiveCount count, IntToLongFunction nanos) {
    int[] times = new int[17];
    for (int i = 0; i < 5_000; i++) {
      int size = count.limit();
      if (i >= 3_000) {
        times[size]++;
      }
      count.took(size, nanos.applyAsLong(size));
    }
    int mostOften = 1;
    for (int size = 1; size < times.length; size++) {
      mostOften = times[size] > times[mostOften] ? size : mostOften;
    }
    assertThat(times[mostOften]).isGreaterThan(1_900);
    return mostOften;
  }
}
