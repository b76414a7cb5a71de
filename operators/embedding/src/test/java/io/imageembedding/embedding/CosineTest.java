// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CosineTest {

  @Test
  void sameOppositeAndRightAngle() {
    assertThat(Cosine.of(new float[] {1, 2}, new float[] {2, 4})).isCloseTo(1, within(1e-12));
    assertThat(Cosine.of(new float[] {1, 2}, new float[] {-1, -2})).isCloseTo(-1, within(1e-12));
    assertThat(Cosine.of(new float[] {1, 0}, new float[] {0, 3})).isZero();
    assertThat(Cosine.of(new float[] {1, 0}, new float[] {1, 1}))
        .isCloseTo(Math.sqrt(0.5), within(1e-12));
  }

  @Test
  void aVectorWithoutDirectionIsNearToNone() {
    assertThat(Cosine.of(new float[2], new float[] {1, 1})).isZero();
    assertThat(Cosine.of(new float[2], new float[2])).isZero();
  }

  @Test
  void theWayInFloatsIsTheSameWhateverTheLength() {
    Random random = new Random(1);
    for (int length = 1; length < 40; length++) {
      float[] a = new float[length];
      float[] b = new float[length];
      for (int i = 0; i < length; i++) {
        a[i] = (float) random.nextGaussian();
        b[i] = (float) random.nextGaussian();
      }
      assertThat(Cosine.dot(a, b) / ((double) Cosine.length(a) * Cosine.length(b)))
          .isCloseTo(Cosine.of(a, b), within(1e-5));
    }
  }
}
