// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.Cosine;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.model.graph.Bfloat16;
import io.imageembedding.model.run.ProbeImages;
import io.imageembedding.testing.TestData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrecisionTest {

  @ParameterizedTest
  @CsvSource({
    "0.0, 0.0",
    "1.0, 1.0",
    "1.00390625, 1.0",
    "1.01171875, 1.015625",
    "-2.0078125, -2.0"
  })
  void roundingIsToNearestAndTiesGoToEven(float value, float rounded) {
    assertThat(Bfloat16.round(value)).isEqualTo(rounded);
  }

  @Test
  void processorsThatMultiplyBfloat16AreKnownByTheirFlags() {
    assertThat(ProcessorFeatures.hasBfloat16("flags\t: fpu avx2 avx512f amx_bf16 amx_tile"))
        .isTrue();
    assertThat(ProcessorFeatures.hasBfloat16("flags\t: fpu avx512f avx512_bf16")).isTrue();
    assertThat(ProcessorFeatures.hasBfloat16("flags\t: fpu avx2 avx512f avx512_vnni")).isFalse();
  }

  @Test
  void cosineToFp32IsHighOnEveryPhoto() throws Exception {
    List<Path> photos = new ArrayList<>(files("images/photos"));
    photos.addAll(files("finetune/images"));

    assertThat(leastCosine("builtin", photos)).isGreaterThanOrEqualTo(0.999);
  }

  @ParameterizedTest
  @ValueSource(strings = {"feature_vector_2_wrapped", "feature_vector_035_96", "keras_classifier"})
  void otherModulesAndSizesRunInBf16Too(String model) throws Exception {
    assertThat(leastCosine(TestData.path("models/" + model).toString(), files("images/photos")))
        .isGreaterThanOrEqualTo(0.999);
  }

  @Test
  void theDescriptorSaysWhatItIs() {
    try (FeatureVectorModel model = load("untrained:mobilenet_v2_0.35_96", Precision.BF16)) {
      assertThat(model.descriptor().precision()).isEqualTo("bf16");
      assertThat(model.descriptor().cosine()).isBetween(0.999, 1.0);
    }
    try (FeatureVectorModel model = load("untrained:mobilenet_v2_0.35_96", Precision.FP32)) {
      assertThat(model.descriptor().precision()).isEqualTo("fp32");
      assertThat(model.descriptor().cosine()).isEqualTo(1);
    }
  }

  @Test
  void autoIsFp32WhereTheProcessorHasNoBfloat16() {
    try (FeatureVectorModel model = load("untrained:mobilenet_v2_0.35_96", Precision.AUTO)) {
      if (!ProcessorFeatures.hasBfloat16()) {
        assertThat(model.descriptor().precision()).isEqualTo("fp32");
      }
      assertThat(model.descriptor().precision()).isIn("fp32", "bf16");
    }
  }

  @Test
  void bitsAreTheSameAloneAndInABatch() {
    try (FeatureVectorModel model = load("untrained:mobilenet_v2_0.35_96", Precision.BF16);
        ImageTensor batch = model.newInput(5);
        ImageTensor alone = model.newInput(1)) {
      List<float[]> images = ProbeImages.of(96, 5);
      images.forEach(batch::append);
      float[][] together = model.embed(batch);
      for (int i = 0; i < together.length; i++) {
        alone.clear();
        alone.append(images.get(i));
        assertThat(model.embed(alone)[0]).isEqualTo(together[i]);
      }
    }
  }

  /** Other colours and grids than those that are looked at when a model is loaded. */
  @Test
  void plainColoursAndDrawingsComeClose() {
    List<float[]> images = new ArrayList<>();
    for (float red : new float[] {0.1f, 0.6f, 0.9f}) {
      for (float green : new float[] {0.2f, 0.8f}) {
        for (float blue : new float[] {0.05f, 0.5f, 0.95f}) {
          images.add(drawing(Integer.MAX_VALUE, red, green, blue));
        }
      }
    }
    for (int step : new int[] {9, 23, 50, 111}) {
      images.add(drawing(step, 1, 1, 1));
      images.add(drawing(step, 0.9f, 0.7f, 0.2f));
    }

    try (FeatureVectorModel exact = load("builtin", Precision.FP32);
        FeatureVectorModel bf16 = load("builtin", Precision.BF16);
        ImageTensor one = exact.newInput(1)) {
      assertThat(images)
          .allSatisfy(
              image -> {
                one.clear();
                one.append(image);
                assertThat(Cosine.of(exact.embed(one)[0], bf16.embed(one)[0]))
                    .isGreaterThanOrEqualTo(0.98);
              });
    }
  }

  /** Black lines, so many pixels apart, on one colour. */
  private static float[] drawing(int step, float... colour) {
    float[] rgb = new float[224 * 224 * 3];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % 224;
      int y = i / 3 / 224;
      rgb[i] = (x + 1) % step == 0 || (y + 1) % step == 0 ? 0 : colour[i % 3];
    }
    return rgb;
  }

  private static FeatureVectorModel load(String source, Precision precision) {
    return ModelSource.parse(source, ModelOptions.builder().precision(precision).build()).load();
  }

  private static double leastCosine(String source, List<Path> photos) throws Exception {
    double least = 1;
    try (FeatureVectorModel exact = load(source, Precision.FP32);
        FeatureVectorModel bf16 = load(source, Precision.BF16);
        ImageDecoder decoder = new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
        ImageTensor image = exact.newInput(1)) {
      assertThat(photos).hasSizeGreaterThan(8);
      for (Path photo : photos) {
        image.clear();
        decoder.decode(Files.readAllBytes(photo), image);
        least = Math.min(least, Cosine.of(exact.embed(image)[0], bf16.embed(image)[0]));
      }
    }
    return least;
  }

  private static List<Path> files(String folder) throws Exception {
    try (Stream<Path> files = Files.walk(TestData.path(folder))) {
      return files.filter(file -> file.toString().matches(".*\\.(jpg|png|bmp)")).sorted().toList();
    }
  }
}
