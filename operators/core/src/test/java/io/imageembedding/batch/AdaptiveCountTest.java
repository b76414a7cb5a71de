// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AdaptiveCountTest {

  @Test
  void untilAnythingWasMeasuredElementsGoAlone() {
    assertThat(new AdaptiveCount(8, 1_000).limit()).isEqualTo(1);
  }

  @Test
  void twoBatchesInARowFitIntoTheBudget() {
    AdaptiveCount count = new AdaptiveCount(8, 100);
    count.took(1, 10);

    assertThat(count.limit()).isEqualTo(5);
  }

  @Test
  void whatLargerBatchesGainIsUsed() {
    AdaptiveCount count = new AdaptiveCount(8, 100);
    count.took(1, 10);
    count.took(4, 20);

    assertThat(count.limit()).isEqualTo(8);
  }

  @Test
  void elementsGoAloneWhereTheBudgetIsTooShortForOne() {
    AdaptiveCount count = new AdaptiveCount(8, 15);
    count.took(1, 10);

    assertThat(count.limit()).isEqualTo(1);
  }

  @Test
  void itFollowsAProcessorThatSlowsDown() {
    AdaptiveCount count = new AdaptiveCount(8, 100);
    for (int i = 0; i < 50; i++) {
      count.took(1, i < 10 ? 5 : 25);
    }

    assertThat(count.limit()).isEqualTo(2);
  }
}
