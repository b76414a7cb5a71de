// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.Precision;
import io.imageembedding.model.network.MobileNetV2;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class SubBatchesTest {
  private static final int SIZE = 96;

  private final List<Integer> runs = new ArrayList<>();
  private final Map<SubBatches.Kind, Integer> measured = new HashMap<>();
  private long now;

  /** A network that gives each image's first number, and writes down how many it was given. */
  private float[][] firstNumbers(ImageTensor images) {
    runs.add(images.count());
    float[][] vectors = new float[images.count()][1];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i][0] = images.tensor().getFloat(i, 0, 0, 0);
    }
    return vectors;
  }

  private SubBatches fastest(Function<ImageTensor, float[][]> network) {
    // The process remembers what it measured, also of networks of other tests.
    MobileNetV2 shape = MobileNetV2.of(0.35, SIZE);
    return SubBatches.fastest(network, shape, Precision.FP32, () -> now, measured);
  }

  private List<Integer> runsOf(SubBatches portions, int count) {
    runs.clear();
    try (portions;
        ImageTensor images = new ImageTensor(SIZE, count)) {
      for (int i = 0; i < count; i++) {
        float[] pixels = new float[SIZE * SIZE * 3];
        Arrays.fill(pixels, i / 16f);
        images.append(pixels);
      }
      float[][] vectors = portions.run(images);
      assertThat(vectors).hasNumberOfRows(count);
      for (int i = 0; i < count; i++) {
        assertThat(vectors[i]).containsExactly(i / 16f);
      }
    }
    return runs;
  }

  @Test
  void whatCostsTheSameForManyRunsInPortionsOfFour() {
    SubBatches portions =
        fastest(
            images -> {
              now += 1000;
              return firstNumbers(images);
            });

    assertThat(runsOf(portions, 15)).containsExactly(4, 4, 4, 2, 1);
  }

  @Test
  void whatGetsSlowerWithManyRunsOneByOne() {
    SubBatches portions =
        fastest(
            images -> {
              now += 1000L * images.count() * images.count();
              return firstNumbers(images);
            });

    assertThat(runsOf(portions, 3)).containsExactly(1, 1, 1);
  }

  @Test
  void noMoreAtOnceThanGiveTheSameBits() {
    SubBatches portions =
        fastest(
            images -> {
              now += 1000;
              float[][] vectors = firstNumbers(images);
              if (images.count() == 4) {
                vectors[0][0] = Math.nextUp(vectors[0][0]);
              }
              return vectors;
            });

    assertThat(runsOf(portions, 7)).containsExactly(2, 2, 2, 1);
  }

  @Test
  void measuresAKindOfNetworkOnce() {
    fastest(this::firstNumbers).close();
    runs.clear();

    fastest(this::firstNumbers).close();

    assertThat(runs).isEmpty();
  }

  @Test
  void oneByOneIsOneByOne() {
    assertThat(runsOf(SubBatches.ofOne(this::firstNumbers), 3)).containsExactly(1, 1, 1);
  }
}
