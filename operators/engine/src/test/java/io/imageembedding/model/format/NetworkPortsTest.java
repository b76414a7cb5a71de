// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.InputRange;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescription;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.source.ModelInspector;
import io.imageembedding.model.source.NamedModel;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

/** Models of other types and ranges, and of several doors. */
class NetworkPortsTest {
  @TempDir Path temporary;

  @Test
  void aSignatureThatFitsIsNotHiddenByOneOfStrings() {
    try (FeatureVectorModel model = of("string-and-pixels", ModelOptions.NONE).load()) {
      assertThat(model.descriptor().inputSize()).isEqualTo(64);
      assertThat(model.descriptor().dimension()).isEqualTo(32);
    }
    assertThatThrownBy(
            () -> of("string-and-pixels", ModelOptions.builder().output("none").build()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("signature serving_default takes string")
        .hasMessageContaining("signature pixels gives no");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "embedding"})
  void aTableOfLabelsBesideTheVectorDoesNotBlockIt(String output) {
    ModelOptions options = ModelOptions.builder().output(output.isEmpty() ? null : output).build();
    try (FeatureVectorModel model = of("with-label-table", options).load()) {
      assertThat(model.descriptor().dimension()).isEqualTo(32);
    }
  }

  @Test
  void vectorsOfFloat16AreGivenAsFloat32() {
    try (FeatureVectorModel model = of("k3-mixed-float16", ModelOptions.NONE).load()) {
      assertThat(model.descriptor().dimension()).isEqualTo(32);
    }
  }

  @Test
  void aModelThatRescalesBytesIsHintedAtUnlessItGetsThem() {
    ModelOptions bytes = ModelOptions.builder().inputRange(InputRange.BYTES).build();

    assertThat(ModelInspector.inspect(of("k3-rescaling-255", ModelOptions.NONE)).hint())
        .contains("rescaling by 0.007843", "--input-range 0..255");
    ModelDescription described = ModelInspector.inspect(of("k3-rescaling-255", bytes));
    assertThat(described.hint()).isNull();
    assertThat(described.inputRange()).isEqualTo("0..255");
    try (FeatureVectorModel model = of("k3-rescaling-255", bytes).load()) {
      assertThat(model.descriptor().inputRange()).isEqualTo(InputRange.BYTES);
    }
  }

  @Test
  void aGraphThatDecodesItselfSaysTheWayOutAndRunsByIt() {
    assertThatThrownBy(() -> of("retrained-inception.pb", ModelOptions.NONE).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("--input-name Mul --input-size N")
        .hasMessageNotContaining("\n");

    ModelOptions way =
        ModelOptions.builder()
            .input("Mul")
            .inputSize(64)
            .inputRange(InputRange.parse("-1..1").orElseThrow())
            .build();
    try (FeatureVectorModel model = of("retrained-inception.pb", way).load()) {
      assertThat(model.descriptor().inputSize()).isEqualTo(64);
    }
  }

  @Test
  void theDefaultRangeChangesNoDigestAndOthersOnlyThePreprocessing() {
    ModelOptions bytes = ModelOptions.builder().inputRange(InputRange.BYTES).build();

    assertThat(((NamedModel) of("k3-rescaling-255", bytes)).open().sha256())
        .isEqualTo(((NamedModel) of("k3-rescaling-255", ModelOptions.NONE)).open().sha256());
  }

  @ParameterizedTest
  @CsvSource({
    "0..1, 0.25, 0.5, 0.75",
    "-1..1, -0.5, 0, 0.5",
    "0..255, 63.75, 127.5, 191.25",
    "'mean 0.5,0.25,0.75 std 0.5,0.25,0.125', -0.5, 1, 0"
  })
  void aModelGetsTheNumbersOfItsRange(String range, float red, float green, float blue)
      throws IOException {
    GraphDef graph = TestingGraphs.mean(TestingGraphs.images(), TestingGraphs.IMAGES);
    ModelOptions options =
        ModelOptions.builder().inputRange(InputRange.parse(range).orElseThrow()).build();
    float[] vector = vector(graph, options);

    assertThat(vector[0]).isCloseTo(red, within(1e-4f));
    assertThat(vector[1]).isCloseTo(green, within(1e-4f));
    assertThat(vector[2]).isCloseTo(blue, within(1e-4f));
  }

  @ParameterizedTest
  @EnumSource(names = {"DT_HALF", "DT_BFLOAT16", "DT_DOUBLE"})
  void vectorsOfEveryFloatTypeAreGivenAsFloat32(DataType type) throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    TestingGraphs.mean(nodes, TestingGraphs.IMAGES);
    nodes
        .node("other", "Cast", TestingGraphs.FEATURES)
        .putAttr("SrcT", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("DstT", GraphNodes.type(type));

    float[] vector = vector(nodes.graph().build(), ModelOptions.NONE);

    assertThat(vector).containsExactly(0.25f, 0.5f, 0.75f);
  }

  @Test
  void aModelOfBytesGetsThem() throws IOException {
    GraphNodes nodes = new GraphNodes();
    nodes.placeholder(
        "bytes",
        DataType.DT_UINT8,
        GraphNodes.shape(-1, TestingGraphs.SIZE, TestingGraphs.SIZE, 3));
    nodes
        .node("floats", "Cast", "bytes")
        .putAttr("SrcT", GraphNodes.type(DataType.DT_UINT8))
        .putAttr("DstT", GraphNodes.type(DataType.DT_FLOAT));
    GraphDef graph = TestingGraphs.mean(nodes, "floats");

    assertThat(vector(graph, ModelOptions.NONE)).containsExactly(64, 128, 191);
    assertThat(vector(graph, ModelOptions.builder().inputRange(InputRange.BYTES).build()))
        .containsExactly(64, 128, 191);
    assertThatThrownBy(
            () ->
                vector(
                    graph,
                    ModelOptions.builder()
                        .inputRange(InputRange.parse("-1..1").orElseThrow())
                        .build()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("a model that takes bytes");
  }

  private float[] vector(GraphDef graph, ModelOptions options) throws IOException {
    Path file = Files.write(temporary.resolve("graph.pb"), graph.toByteArray());
    try (FeatureVectorModel model = ModelSource.parse(file.toString(), options).load();
        ImageTensor image = model.newInput(1)) {
      float[] rgb = new float[TestingGraphs.SIZE * TestingGraphs.SIZE * 3];
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = 0.25f * (1 + i % 3);
      }
      image.append(rgb);
      return model.embed(image)[0];
    }
  }

  private static ModelSource of(String name, ModelOptions options) {
    return ModelSource.parse(TestData.path("cases/models/" + name).toString(), options);
  }
}
