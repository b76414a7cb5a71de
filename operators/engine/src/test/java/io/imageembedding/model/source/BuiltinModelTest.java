// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.format.Goldens;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BuiltinModelTest {

  @Test
  void theResourceHoldsTheCheckpointsVariablesBitByBit() throws IOException {
    byte[] converted =
        ConvertWeights.convert(TestData.path("weights/slim_mobilenet_v2_1.0_224_npy.tar.gz"));
    try (InputStream in = BuiltinModel.class.getResourceAsStream(BuiltinModel.WEIGHTS)) {
      assertThat(in.readAllBytes()).isEqualTo(converted);
    }
  }

  @Test
  void theNetworkHasThePublishedNumberOfVariablesAndParameters() {
    Map<String, FloatTensor> weights = BuiltinModel.weights();

    assertThat(weights).hasSize(260);
    assertThat(weights.values().stream().mapToLong(FloatTensor::elements).sum())
        .isEqualTo(2_257_984);
  }

  @Test
  void whatItIsCanBeReadFromItsDescriptor() {
    try (FeatureVectorModel model = ModelSource.parse("builtin").load()) {
      assertThat(model.descriptor().name()).isEqualTo("mobilenet_v2_1.0_224");
      assertThat(model.descriptor().inputSize()).isEqualTo(224);
      assertThat(model.descriptor().dimension()).isEqualTo(1280);
      assertThat(model.descriptor().precision()).isEqualTo("fp32");
      assertThat(model.descriptor().sha256()).matches("[0-9a-f]{64}");
    }
  }

  @Test
  void vectorsEqualAnIndependentFloat64Implementation() throws IOException {
    try (FeatureVectorModel model = ModelSource.parse("builtin").load()) {
      Goldens.assertGoldens(model, 1e-4);
    }
  }

  @Test
  void anImageHasTheSameBitsInEveryBatch() {
    try (FeatureVectorModel model = ModelSource.parse("builtin").load()) {
      Random random = new Random(7);
      float[][] images = new float[8][224 * 224 * 3];
      for (float[] image : images) {
        for (int i = 0; i < image.length; i++) {
          image[i] = random.nextFloat();
        }
      }
      float[] alone = model.embed(tensor(List.of(images[3])))[0];
      for (int size = 2; size <= 8; size++) {
        List<float[]> batch = Arrays.asList(Arrays.copyOf(images, size));
        batch.set(size / 2, images[3]);
        assertThat(model.embed(tensor(batch))[size / 2]).as("batch of %s", size).isEqualTo(alone);
      }
    }
  }

  @Test
  void aClosedModelSaysSoAndCanBeClosedAgain() {
    FeatureVectorModel model = ModelSource.parse("builtin").load();
    model.close();
    model.close();

    try (ImageTensor tensor = tensor(List.of(new float[224 * 224 * 3]))) {
      assertThatThrownBy(() -> model.embed(tensor)).hasMessageContaining("is closed");
    }
  }

  @Test
  void imagesOfAnotherSizeAreRefused() {
    try (FeatureVectorModel model = ModelSource.parse("builtin").load();
        ImageTensor tensor = new ImageTensor(96, 1)) {
      tensor.append(new float[96 * 96 * 3]);
      assertThatThrownBy(() -> model.embed(tensor))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("96")
          .hasMessageContaining("224");
    }
  }

  private static ImageTensor tensor(List<float[]> images) {
    ImageTensor tensor = new ImageTensor(224, images.size());
    images.forEach(tensor::append);
    return tensor;
  }
}
