// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.cli.demo.Neighbours.Neighbour;
import java.util.List;
import org.junit.jupiter.api.Test;

class NeighboursTest {

  @Test
  void nearestComesFirstAndTheImageItselfNever() {
    Neighbours neighbours =
        new Neighbours(
            List.of(
                new float[] {1, 0}, new float[] {0, 1}, new float[] {3, 3}, new float[] {2, 0.1f}));

    assertThat(neighbours.of(0, 2)).extracting(Neighbour::index).containsExactly(3, 2);
    assertThat(neighbours.of(0, 9)).hasSize(3);
    assertThat(neighbours.of(0, 9).get(1).cosine()).isCloseTo(Math.sqrt(0.5), within(1e-12));
  }

  @Test
  void ofEquallyNearTheEarlierComesFirstAndAZeroVectorIsNearToNone() {
    Neighbours neighbours =
        new Neighbours(
            List.of(
                new float[] {1, 0}, new float[] {0, 0}, new float[] {2, 0}, new float[] {2, 0}));

    assertThat(neighbours.of(0, 3)).extracting(Neighbour::index).containsExactly(2, 3, 1);
    assertThat(neighbours.of(0, 3).get(2).cosine()).isZero();
  }
}
