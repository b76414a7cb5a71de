// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescription;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.model.ProofFigures;
import io.imageembedding.model.graph.MultiplyAdds;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.optimize.OpenedModel;
import io.imageembedding.model.run.ModelProof;
import io.imageembedding.testing.TestData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelInspectorTest {
  @TempDir Path temporary;

  @Test
  void theBuiltInModelHasThePublishedFigures() {
    ModelDescription description = ModelInspector.inspect(ModelSource.parse("builtin"));

    assertThat(description.parameters()).isEqualTo(2_257_984);
    assertThat(description.trainableParameters()).isEqualTo(2_223_872);
    assertThat(description.multiplyAdds()).isEqualTo(299_494_272);
    assertThat(description.variables()).isEqualTo(260);
    assertThat(description.network()).isEqualTo("mobilenet_v2_1.0_224");
  }

  @ParameterizedTest
  @CsvSource({
    "0.35, 410208, 58005808, 1280",
    "0.5, 706224, 95851840, 1280",
    "0.75, 1382064, 207789792, 1280",
    "1.0, 2257984, 299494272, 1280",
    "1.3, 3766048, 507710560, 1664",
    "1.4, 4363712, 580403824, 1792"
  })
  void theFamilyHasThePublishedFigures(
      double multiplier, long parameters, long multiplyAdds, int features) {
    ModelDescription description =
        ModelInspector.inspect(
            ModelSource.parse("untrained:" + MobileNetV2.of(multiplier, 224).name()));

    assertThat(description.parameters()).isEqualTo(parameters);
    assertThat(description.multiplyAdds()).isEqualTo(multiplyAdds);
    assertThat(description.dimension()).isEqualTo(features);
    assertThat(description.name()).contains("untrained");
  }

  @ParameterizedTest
  @ValueSource(ints = {96, 128, 160, 192})
  void anUntrainedNetworkOfEverySizeRuns(int size) {
    try (FeatureVectorModel model =
        ModelSource.parse("untrained:mobilenet_v2_0.35_" + size).load()) {
      assertThat(model.descriptor().inputSize()).isEqualTo(size);
      assertThat(model.descriptor().name()).contains("untrained");
    }
  }

  @Test
  void anUntrainedNetworkThatIsNotOfTheFamilyIsRefused() {
    assertThatThrownBy(() -> ModelSource.parse("untrained:mobilenet_v2_0.4_96"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("0.35");
  }

  @Test
  void multiplyAddsCountedByShapesAreThoseOfTheNetwork() {
    OpenedModel model = open("feature_vector_2_wrapped");

    assertThat(MultiplyAdds.of(model.flat().frozen("output"), model.graph().input(), 224))
        .hasValue(299_494_272);
  }

  @ParameterizedTest
  @CsvSource({
    "feature_vector_2, features, 2257984",
    "classification_2, logits, 3540265",
    "keras_classifier, probabilities, 2264389",
    "tf1_hub_035_96, features, 410208"
  })
  void whatAModelIsCanBeSeen(String name, String output, long parameters) {
    ModelDescription description =
        ModelInspector.inspect(ModelSource.parse(TestData.path("models/" + name).toString()));

    assertThat(description.output()).isEqualTo(output);
    assertThat(description.parameters()).isEqualTo(parameters);
    assertThat(description.operations()).containsKey("DepthwiseConv2dNative");
  }

  @Test
  void signaturesAndConcreteFunctionsAreListed() {
    ModelDescription description =
        ModelInspector.inspect(
            ModelSource.parse(TestData.path("models/feature_vector_5").toString()));

    assertThat(description.signatures())
        .anyMatch(
            signature ->
                signature.contains("serving_default: inputs float32[any,224,224,3]")
                    && signature.contains("feature_vector float32[any,1280]"));
    assertThat(description.functions())
        .anyMatch(function -> function.contains("training=False"))
        .anyMatch(function -> function.contains("batch_norm_momentum"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "feature_vector_035_96",
        "feature_vector_2_wrapped",
        "tf1_hub_035_96",
        "keras_classifier",
        "classification_2"
      })
  void aPlainSavedModelOfEveryFormGivesTheSameVectors(String name) {
    ModelSource source = ModelSource.parse(TestData.path("models/" + name).toString());
    Path plain = temporary.resolve("plain");

    ModelInspector.writePlain(source, plain);

    try (FeatureVectorModel original = source.load();
        FeatureVectorModel written = ModelSource.parse(plain.toString()).load()) {
      int size = original.descriptor().inputSize();
      for (float[] probe : ModelProof.probes(size)) {
        try (ImageTensor image = new ImageTensor(size, 1)) {
          image.append(probe);
          assertThat(ModelProof.difference(original.embed(image), written.embed(image)))
              .isLessThan(1e-5);
        }
      }
    }
  }

  @Test
  void anOccupiedDirectoryIsLeftAlone() throws IOException {
    Path mine = Files.writeString(temporary.resolve("mine.txt"), "mine");
    ModelSource source = ModelSource.parse("untrained:mobilenet_v2_0.35_96");

    assertThatThrownBy(() -> ModelInspector.writePlain(source, temporary))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("exists and is not empty");
    assertThat(temporary).isDirectoryContaining(path -> path.equals(mine));
  }

  @Test
  void aModelMustGiveTheGoldenVectorsThatLieBesideIt() throws IOException {
    Path plain = temporary.resolve("plain");
    ModelInspector.writePlain(ModelSource.parse("untrained:mobilenet_v2_0.35_96"), plain);
    ModelSource source = ModelSource.parse(plain.toString());
    float[] probe = ModelProof.probes(96).get(1);
    float[] vector;
    try (FeatureVectorModel model = source.load();
        ImageTensor image = new ImageTensor(96, 1)) {
      image.append(probe);
      vector = model.embed(image)[0];
    }

    writeGoldens(plain, probe, vector);
    assertThat(ModelInspector.prove(source).goldens().orElseThrow()).isLessThan(1e-5);

    vector[7] += 0.01f;
    writeGoldens(plain, probe, vector);
    assertThatThrownBy(source::load)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("probe.npz")
        .hasMessageContaining("differ by 0.01");
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void goldenVectorsAreThoseOfTheExactNetworkInEveryPrecision(Precision precision)
      throws IOException {
    Path plain = temporary.resolve("plain");
    ModelInspector.writePlain(ModelSource.parse("untrained:mobilenet_v2_0.35_96"), plain);
    float[] probe = ModelProof.probes(96).get(1);
    try (FeatureVectorModel exact = ModelSource.parse(plain.toString()).load();
        ImageTensor image = new ImageTensor(96, 1)) {
      image.append(probe);
      writeGoldens(plain, probe, exact.embed(image)[0]);
    }

    ProofFigures figures =
        ModelInspector.prove(
            ModelSource.parse(
                plain.toString(), ModelOptions.builder().precision(precision).build()));

    assertThat(figures.goldens().orElseThrow()).isLessThan(1e-5);
  }

  private static void writeGoldens(Path model, float[] image, float[] vector) throws IOException {
    Map<String, byte[]> arrays =
        Map.of("input.npy", npy("1, 96, 96, 3", image), "output.npy", npy("1, 1280", vector));
    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(model.resolve("probe.npz")))) {
      for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
        zip.putNextEntry(new ZipEntry(array.getKey()));
        zip.write(array.getValue());
      }
    }
    assertThat(Npy.readArchive(model.resolve("probe.npz"))).containsOnlyKeys("input", "output");
  }

  private static byte[] npy(String shape, float[] values) throws IOException {
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }\n";
    ByteBuffer data = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    out.write(new byte[] {(byte) header.length(), (byte) (header.length() >> 8)});
    out.write(header.getBytes(StandardCharsets.US_ASCII));
    out.write(data.array());
    return out.toByteArray();
  }

  private static OpenedModel open(String name) {
    return ((NamedModel) ModelSource.parse(TestData.path("models/" + name).toString())).open();
  }
}
