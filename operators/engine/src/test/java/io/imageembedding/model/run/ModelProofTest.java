// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ProofFigures;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;

class ModelProofTest {
  private static final int SIZE = 32;

  /** The mean of each image's red, once as it is and once squared. */
  private static float[][] honest(ImageTensor images) {
    FloatDataBuffer pixels = images.tensor().asRawTensor().data().asFloats();
    float[][] vectors = new float[images.count()][2];
    for (int image = 0; image < vectors.length; image++) {
      float sum = 0;
      for (int i = 0; i < SIZE * SIZE; i++) {
        sum += pixels.getFloat((long) image * SIZE * SIZE * 3 + i * 3L);
      }
      vectors[image][0] = sum / SIZE / SIZE;
      vectors[image][1] = vectors[image][0] * vectors[image][0];
    }
    return vectors;
  }

  @Test
  void anHonestModelPasses() {
    ProofFigures figures = ModelProof.of("m", SIZE, ModelProofTest::honest);

    assertThat(figures.dimension()).isEqualTo(2);
    assertThat(figures.sameBits()).isTrue();
    assertThat(figures.alone()).isZero();
    assertThat(figures.spread()).isPositive();
  }

  @Test
  void oneThatRoundsOtherwiseInBatchesIsToRunOneByOne() {
    ProofFigures figures =
        ModelProof.of(
            "m",
            SIZE,
            images -> {
              float[][] vectors = honest(images);
              if (images.count() > 1) {
                for (float[] vector : vectors) {
                  vector[0] += 1e-4f;
                }
              }
              return vectors;
            });

    assertThat(figures.sameVector()).isFalse();
    assertThat(figures.alone()).isBetween(0.9e-4, 1.1e-4);
  }

  @Test
  void aNetworkInTrainingModeIsRefused() {
    assertRefused(
        images -> {
          float[][] vectors = honest(images);
          float mean = 0;
          for (float[] vector : vectors) {
            mean += vector[0] / vectors.length;
          }
          for (float[] vector : vectors) {
            vector[0] -= mean;
          }
          return vectors;
        },
        "alone and in a batch",
        "training mode");
  }

  @Test
  void oneThatIsNotFiniteIsRefused() {
    assertRefused(
        images -> {
          float[][] vectors = honest(images);
          vectors[0][1] = Float.NaN;
          return vectors;
        },
        "NaN");
  }

  @Test
  void oneThatGivesAlwaysTheSameIsRefused() {
    assertRefused(images -> new float[images.count()][4], "the same vector for different images");
  }

  @Test
  void oneThatGivesSomethingElseEachTimeIsRefused() {
    AtomicInteger calls = new AtomicInteger();
    assertRefused(
        images -> {
          float[][] vectors = honest(images);
          vectors[0][0] += calls.incrementAndGet() * 0.001f;
          return vectors;
        },
        "when asked again",
        "0.001");
  }

  @Test
  void aClassifierThatIsSureOfOneClassPasses() {
    ProofFigures figures =
        ModelProof.of(
            "m",
            SIZE,
            images -> {
              float[][] vectors = honest(images);
              for (float[] vector : vectors) {
                vector[1] = vector[0] * 1e-20f;
                vector[0] = 1;
              }
              return vectors;
            });
    assertThat(figures.spread()).isLessThan(1e-10);
  }

  private static void assertRefused(ModelProof.Runner runner, String... parts) {
    assertThatThrownBy(() -> ModelProof.of("m", SIZE, runner))
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll(parts);
  }
}
