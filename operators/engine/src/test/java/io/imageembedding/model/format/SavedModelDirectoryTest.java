// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;

class SavedModelDirectoryTest {
  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"feature_vector_2", "feature_vector_2_wrapped", "feature_vector_5"})
  void everyFormOfTheModuleGivesTheGoldenVectors(String name) throws IOException {
    try (FeatureVectorModel model = load(name)) {
      assertThat(model.descriptor().name()).isEqualTo(name);
      assertThat(model.descriptor().inputSize()).isEqualTo(224);
      assertThat(model.descriptor().dimension()).isEqualTo(1280);
      Goldens.assertGoldens(model, 1e-4);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"feature_vector_035_96", "tf1_hub_035_96"})
  void inputSizeComesFromTheModel(String name) throws IOException {
    Map<String, Npy> golden = Npy.readArchive(TestData.path("models/" + name + "_golden.npz"));
    int count = golden.get("input").shape()[0];
    try (FeatureVectorModel model = load(name);
        ImageTensor images = new ImageTensor(96, count)) {
      assertThat(model.descriptor().inputSize()).isEqualTo(96);
      double[] input = golden.get("input").values();
      for (int i = 0; i < count; i++) {
        float[] image = new float[96 * 96 * 3];
        for (int j = 0; j < image.length; j++) {
          image[j] = (float) input[i * image.length + j];
        }
        images.append(image);
      }
      float[][] vectors = model.embed(images);
      for (int i = 0; i < count; i++) {
        assertThat(Npy.maxAbsDifference(golden.get("output").row(i), vectors[i])).isLessThan(1e-4);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"classification_2, 1001", "keras_classifier, 5"})
  void dimensionComesFromTheModel(String name, int dimension) {
    try (FeatureVectorModel model = load(name)) {
      assertThat(model.descriptor().dimension()).isEqualTo(dimension);
    }
  }

  @Test
  void theDigestIsOfTheContentAndNotOfThePlace() throws IOException {
    Path copy = copy("feature_vector_035_96");
    try (FeatureVectorModel model = load("feature_vector_035_96");
        FeatureVectorModel same = ModelSource.parse(copy.toUri().toString()).load();
        FeatureVectorModel other = load("feature_vector_2")) {
      assertThat(same.descriptor().sha256()).isEqualTo(model.descriptor().sha256());
      assertThat(other.descriptor().sha256()).isNotEqualTo(model.descriptor().sha256());
    }
  }

  @Test
  void anOperationThatIsNotAllowedIsRefusedByNameBeforeItRuns() {
    ModelSource source = source("hostile_writes_a_file");
    assertThatThrownBy(source::load)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("WriteFile")
        .hasMessageContaining("not allowed");
    assertThat(Path.of("EVIL_WAS_HERE")).doesNotExist();
  }

  @Test
  void whatTheFileWantsToRunAtLoadNeverRuns() throws IOException {
    Path evil = temporary.resolve("EVIL_WAS_HERE");
    Path copy =
        edited(
            "feature_vector_035_96",
            metaGraph -> {
              GraphDef.Builder graph = metaGraph.getGraphDefBuilder();
              graph.addNode(text("evil.name", evil.toString())).addNode(text("evil.text", "hi"));
              graph.addNode(
                  NodeDef.newBuilder()
                      .setName("evil.write")
                      .setOp("WriteFile")
                      .addInput("evil.name")
                      .addInput("evil.text"));
              for (NodeDef.Builder node : graph.getNodeBuilderList()) {
                if (node.getOp().equals("NoOp") || node.getOp().contains("PartitionedCall")) {
                  node.addInput("^evil.write");
                }
              }
            });
    try (FeatureVectorModel model = ModelSource.parse(copy.toString()).load()) {
      assertThat(model.descriptor().dimension()).isEqualTo(1280);
    }
    assertThat(evil).doesNotExist();
  }

  @Test
  void aFunctionCalledLikeAnOperationIsNotTakenForIt() throws IOException {
    Path copy =
        edited(
            "feature_vector_035_96",
            metaGraph -> {
              for (FunctionDef.Builder function :
                  metaGraph.getGraphDefBuilder().getLibraryBuilder().getFunctionBuilderList()) {
                for (NodeDef.Builder node : function.getNodeDefBuilderList()) {
                  if (node.getOp().equals("Relu6")) {
                    node.setOp("WriteFile").clearAttr();
                  }
                  for (int i = 0; i < node.getInputCount(); i++) {
                    node.setInput(i, node.getInput(i).replace(":activations:0", ":y:0"));
                  }
                }
              }
              FunctionDef.Builder disguise =
                  metaGraph.getGraphDefBuilder().getLibraryBuilder().addFunctionBuilder();
              disguise.getSignatureBuilder().setName("WriteFile");
              disguise
                  .getSignatureBuilder()
                  .addInputArgBuilder()
                  .setName("x")
                  .setType(DataType.DT_FLOAT);
              disguise
                  .getSignatureBuilder()
                  .addOutputArgBuilder()
                  .setName("y")
                  .setType(DataType.DT_FLOAT);
              disguise
                  .addNodeDefBuilder()
                  .setName("relu6")
                  .setOp("Relu6")
                  .addInput("x")
                  .putAttr("T", AttrValue.newBuilder().setType(DataType.DT_FLOAT).build());
              disguise.putRet("y", "relu6:activations:0");
            });
    try (FeatureVectorModel model = ModelSource.parse(copy.toString()).load();
        FeatureVectorModel honest = load("feature_vector_035_96");
        ImageTensor images = new ImageTensor(96, 1)) {
      float[] grey = new float[96 * 96 * 3];
      Arrays.fill(grey, 0.3f);
      images.append(grey);
      assertThat(model.embed(images)[0]).containsExactly(honest.embed(images)[0]);
    }
  }

  @Test
  void variablesOfAnotherShapeAreRefused() throws IOException {
    Path mixed = copy("feature_vector_2");
    replaceVariables(mixed, "feature_vector_035_96");

    assertThatThrownBy(() -> ModelSource.parse(mixed.toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("variables cannot be read")
        .hasMessageContaining("shape");
  }

  @Test
  void aModelWithoutVariablesIsRefused() throws IOException {
    Path copy = copy("feature_vector_035_96");
    Files.delete(copy.resolve("variables/variables.index"));

    assertThatThrownBy(() -> ModelSource.parse(copy.toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("variables.index is missing");
  }

  @Test
  void cutVariablesAreRefused() throws IOException {
    Path copy = copy("feature_vector_035_96");
    Path data = copy.resolve("variables/variables.data-00000-of-00001");
    Files.write(data, Arrays.copyOf(Files.readAllBytes(data), 10_000));

    assertThatThrownBy(() -> ModelSource.parse(copy.toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aDamagedGraphIsRefused() throws IOException {
    Path copy = copy("feature_vector_035_96");
    Path file = copy.resolve("saved_model.pb");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));

    assertThatThrownBy(() -> ModelSource.parse(copy.toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("saved_model.pb is damaged");
  }

  @Test
  void whatIsNoModelAtAllIsRefused() throws IOException {
    assertThatThrownBy(() -> ModelSource.parse(temporary.resolve("none").toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no such file or directory");
    assertThatThrownBy(() -> ModelSource.parse(temporary.toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no saved_model.pb");
    assertThatThrownBy(() -> ModelSource.parse(" "))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("names no model");
  }

  private static FeatureVectorModel load(String name) {
    return source(name).load();
  }

  private static ModelSource source(String name) {
    return ModelSource.parse(TestData.path("models/" + name).toString());
  }

  private Path copy(String name) throws IOException {
    Path from = TestData.path("models/" + name);
    Path to = Files.createDirectories(temporary.resolve("copy-of-" + name));
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
          target.toFile().setWritable(true);
        }
      }
    }
    return to;
  }

  private Path edited(String name, Consumer<MetaGraphDef.Builder> edit) throws IOException {
    Path copy = copy(name);
    Path file = copy.resolve("saved_model.pb");
    SavedModel.Builder model = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    edit.accept(model.getMetaGraphsBuilder(0));
    Files.write(file, model.build().toByteArray());
    return copy;
  }

  private static void replaceVariables(Path model, String other) throws IOException {
    for (String file : new String[] {"variables.index", "variables.data-00000-of-00001"}) {
      Files.copy(
          TestData.path("models/" + other + "/variables/" + file),
          model.resolve("variables").resolve(file),
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static NodeDef text(String name, String value) {
    GraphNodes nodes = new GraphNodes();
    nodes.constant(name, value);
    return nodes.graph().getNode(0);
  }
}
