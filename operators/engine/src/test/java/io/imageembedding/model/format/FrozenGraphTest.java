// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescription;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.run.ModelProof;
import io.imageembedding.model.source.ModelInspector;
import io.imageembedding.model.source.NamedModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

class FrozenGraphTest {
  private static final ModelSource NETWORK = ModelSource.parse("untrained:mobilenet_v2_0.35_96");
  private static final int CLASSES = 3;

  @TempDir Path temporary;

  @Test
  void inputAndOutputAreInferred() throws IOException {
    Path file = write(frozen());

    assertSameVectors(NETWORK, ModelSource.parse(file.toString()));
  }

  @Test
  void aGraphRetrainedThroughAPlaceholderWithADefaultIsAClassifier() throws IOException {
    ModelSource source = ModelSource.parse(write(retrained()).toString());

    ModelDescription description = ModelInspector.inspect(source);

    assertThat(description.output()).isEqualTo("probabilities");
    assertThat(description.dimension()).isEqualTo(CLASSES);
    assertThat(description.network()).isEqualTo("mobilenet_v2_0.35_96");
  }

  @Test
  void anOutputInTheMiddleCanBeNamed() throws IOException {
    ModelSource source =
        ModelSource.parse(
            write(retrained()).toString(), ModelOptions.builder().output("features").build());

    assertSameVectors(NETWORK, source);
  }

  @Test
  void aGraphOfSeveralEndsNamesThem() throws IOException {
    GraphDef.Builder graph = frozen().toBuilder();
    graph
        .addNodeBuilder()
        .setName("other.end")
        .setOp("Relu")
        .addInput("features")
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    graph
        .addNodeBuilder()
        .setName("third.end")
        .setOp("Relu")
        .addInput("features")
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    ModelSource source = ModelSource.parse(write(graph.build()).toString());

    assertThatThrownBy(source::load)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("more than one output")
        .hasMessageContaining("other.end, third.end");
  }

  @Test
  void aSizeThatTheGraphLeavesOpenIsAnOption() throws IOException {
    GraphDef.Builder graph = frozen().toBuilder();
    graph.getNodeBuilderList().stream()
        .filter(node -> node.getOp().equals("Placeholder"))
        .forEach(
            node ->
                node.putAttr(
                    "shape",
                    AttrValue.newBuilder().setShape(GraphNodes.shape(-1, -1, -1, 3)).build()));
    String file = write(graph.build()).toString();

    assertThatThrownBy(() -> ModelSource.parse(file).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("input size");
    assertSameVectors(
        NETWORK, ModelSource.parse(file, ModelOptions.builder().inputSize(96).build()));
  }

  @Test
  void aHostileOperationIsRefusedByName() throws IOException {
    GraphDef.Builder graph = frozen().toBuilder();
    GraphNodes evil = new GraphNodes();
    evil.constant("evil.name", temporary.resolve("EVIL").toString());
    evil.node("evil", "ReadFile", "evil.name");
    evil.node("number", "DecodeRaw", "evil")
        .putAttr("out_type", GraphNodes.type(DataType.DT_FLOAT));
    graph.addAllNode(evil.graph().getNodeList());
    graph
        .addNodeBuilder()
        .setName("end")
        .setOp("AddV2")
        .addInput("features")
        .addInput("number")
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    ModelSource source = ModelSource.parse(write(graph.build()).toString());

    assertThatThrownBy(source::load)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("DecodeRaw");
  }

  @Test
  void whatIsNoGraphIsRefused() throws IOException {
    Path file = temporary.resolve("text.pb");
    Files.write(file, "this is no graph".getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() -> ModelSource.parse(file.toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no GraphDef");
  }

  @Test
  void formatsOfOthersAreRefusedWithTheWayOut() throws IOException {
    Path file = Files.writeString(temporary.resolve("model.keras"), "PK");

    assertThatThrownBy(() -> ModelSource.parse(file.toString()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model.export(DIR)");
  }

  private static GraphDef frozen() {
    return ((NamedModel) NETWORK).open().graph().definition();
  }

  private static GraphDef retrained() {
    GraphNodes nodes = new GraphNodes();
    nodes
        .node("input.BottleneckInputPlaceholder", "PlaceholderWithDefault", "features")
        .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("shape", AttrValue.newBuilder().setShape(GraphNodes.shape(-1, 1280)).build());
    float[] kernel = new float[1280 * CLASSES];
    Random random = new Random(1);
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) random.nextGaussian();
    }
    nodes
        .node(
            "products",
            "MatMul",
            "input.BottleneckInputPlaceholder",
            nodes.constant("kernel", kernel, 1280, CLASSES))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    nodes
        .node("sums", "Add", "products", nodes.constant("biases", new float[CLASSES], CLASSES))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    nodes.node("final_result", "Softmax", "sums").putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    return frozen().toBuilder().addAllNode(nodes.graph().getNodeList()).build();
  }

  private Path write(GraphDef graph) throws IOException {
    return Files.write(temporary.resolve("graph.pb"), graph.toByteArray());
  }

  private static void assertSameVectors(ModelSource expected, ModelSource actual) {
    try (FeatureVectorModel first = expected.load();
        FeatureVectorModel second = actual.load();
        ImageTensor image = new ImageTensor(96, 1)) {
      image.append(ModelProof.probes(96).get(0));
      assertThat(second.embed(image)[0]).containsExactly(first.embed(image)[0]);
    }
  }
}
