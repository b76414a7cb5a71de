// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.source.NamedModel;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

/** What comes out of a classifier where features or logits are asked for. */
class ChosenOutputTest {
  private static final String NETWORK = "untrained:mobilenet_v2_0.35_96";
  private static final AttrValue FLOAT = GraphNodes.type(DataType.DT_FLOAT);

  @TempDir Path temporary;

  /** Layers on the features of a network. */
  enum Layers {
    HIDDEN_LAYER,
    SPELLED_OUT_SOFTMAX,
    SIGMOID
  }

  @Test
  void aKerasClassifierGivesWhatItsClassifierComputesOn() {
    ClassifierHead head =
        open("models/keras_classifier", null).recognised().orElseThrow().weights().head();
    float[] scores = vector("models/keras_classifier", null);
    float[] logits = vector("models/keras_classifier", ModelOutput.LOGITS);
    float[] features = vector("models/keras_classifier", ModelOutput.FEATURES);

    assertThat(features).hasSize(1280);
    float[] kernel = head.kernel().values();
    float[] biases = head.biases().values();
    double sum = 0;
    for (int i = 0; i < biases.length; i++) {
      double logit = biases[i];
      for (int j = 0; j < features.length; j++) {
        logit += features[j] * kernel[j * biases.length + i];
      }
      assertThat((double) logits[i]).isCloseTo(logit, within(1e-3));
      sum += Math.exp(logits[i]);
    }
    for (int i = 0; i < scores.length; i++) {
      assertThat((double) scores[i]).isCloseTo(Math.exp(logits[i]) / sum, within(1e-4));
    }
  }

  @Test
  void featuresNeedNoLabelsOfTheirClassifier() {
    try (FeatureVectorModel model =
        source("models/keras_classifier", ModelOutput.FEATURES).load()) {
      assertThat(model.classes()).isEmpty();
    }
  }

  @Test
  void eachOutputIsAnotherContent() {
    assertThat(
            new String[] {
              open("models/keras_classifier", null).sha256(),
              open("models/keras_classifier", ModelOutput.FEATURES).sha256(),
              open("models/keras_classifier", ModelOutput.LOGITS).sha256()
            })
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(strings = {"models/feature_vector_2", "models/feature_vector_2_wrapped", NETWORK})
  void aModelThatGivesFeaturesStaysWhatItIs(String name) {
    OpenedModel model = open(name, ModelOutput.FEATURES);

    assertThat(model.sha256()).isEqualTo(open(name, null).sha256());
    assertThat(model.trainable().weights().head()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void whateverLayersStandOnThePoolingAreLeftOut(Layers layers) throws IOException {
    String classifier = classifier(layers);

    assertThat(vector(classifier, null)).hasSize(3);
    assertThat(vector(classifier, ModelOutput.FEATURES))
        .containsExactly(vector(NETWORK, null), within(1e-5f));
  }

  @Test
  void goldenVectorsOfTheWholeOutputAreNotThoseOfItsFeatures() throws IOException {
    String classifier = classifier(Layers.HIDDEN_LAYER);
    Files.writeString(temporary.resolve("probe.npz"), "of three classes");

    assertThatThrownBy(() -> vector(classifier, null)).isInstanceOf(ModelException.class);
    assertThat(vector(classifier, ModelOutput.FEATURES)).hasSize(1280);
  }

  @Test
  void aModelWithoutGlobalPoolingIsRefused() throws IOException {
    GraphNodes nodes = new GraphNodes();
    nodes.placeholder("images", DataType.DT_FLOAT, GraphNodes.shape(-1, 32, 32, 3));
    nodes
        .node("flat", "Reshape", "images", nodes.constant("shape", -1, 32 * 32 * 3))
        .putAttr("T", FLOAT)
        .putAttr("Tshape", GraphNodes.type(DataType.DT_INT32));
    String model = written(dense(nodes, "last", "flat", 32 * 32 * 3, 3));

    assertThatThrownBy(() -> open(model, ModelOutput.FEATURES))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("--model-output features is of no use for it")
        .hasMessageContaining("no global pooling");
  }

  @Test
  void theDigestOfTheWholeModelPinsWhateverIsTakenOfIt() throws IOException {
    String classifier = classifier(Layers.SIGMOID);
    String whole = open(classifier, null).sha256();
    String features = open(classifier, ModelOutput.FEATURES).sha256();

    for (String pin : new String[] {whole, features}) {
      assertThat(pinned(classifier, pin).open().sha256()).isEqualTo(features);
    }
    assertThatThrownBy(() -> pinned(classifier, "0".repeat(64)).open())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(features);
  }

  private static NamedModel pinned(String model, String pin) {
    ModelOptions options =
        ModelOptions.builder().modelOutput(ModelOutput.FEATURES).sha256(pin).build();
    return (NamedModel) ModelSource.parse(model, options);
  }

  private String classifier(Layers layers) throws IOException {
    RunnableGraph network = open(NETWORK, null).graph();
    GraphNodes nodes = new GraphNodes();
    nodes.graph().mergeFrom(network.definition());
    String features = network.output();
    switch (layers) {
      case HIDDEN_LAYER -> {
        dense(nodes, "hidden", features, 1280, 8);
        nodes.node("relu", "Relu", "hidden").putAttr("T", FLOAT);
        dense(nodes, "logits", "relu", 8, 3);
        nodes.node("scores", "Softmax", "logits").putAttr("T", FLOAT);
      }
      case SIGMOID -> {
        dense(nodes, "logits", features, 1280, 3);
        nodes.node("scores", "Sigmoid", "logits").putAttr("T", FLOAT);
      }
      case SPELLED_OUT_SOFTMAX -> {
        dense(nodes, "logits", features, 1280, 3);
        nodes.node("powers", "Exp", "logits").putAttr("T", FLOAT);
        nodes
            .node("sum", "Sum", "powers", nodes.constant("classes", 1))
            .putAttr("T", FLOAT)
            .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32))
            .putAttr("keep_dims", AttrValue.newBuilder().setB(true).build());
        nodes.node("scores", "RealDiv", "powers", "sum").putAttr("T", FLOAT);
      }
    }
    return written(nodes);
  }

  private static GraphNodes dense(
      GraphNodes nodes, String name, String input, int inputs, int outputs) {
    Random random = new Random(5);
    float[] kernel = new float[inputs * outputs];
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) (random.nextGaussian() / Math.sqrt(inputs));
    }
    nodes
        .node(name, "MatMul", input, nodes.constant(name + ".kernel", kernel, inputs, outputs))
        .putAttr("T", FLOAT);
    return nodes;
  }

  private String written(GraphNodes nodes) throws IOException {
    GraphDef graph = nodes.graph().build();
    return Files.write(temporary.resolve("classifier.pb"), graph.toByteArray()).toString();
  }

  private static float[] vector(String model, ModelOutput output) {
    try (FeatureVectorModel loaded = source(model, output).load();
        ImageTensor image = new ImageTensor(loaded.descriptor().inputSize(), 1)) {
      float[] pixels = new float[image.size() * image.size() * 3];
      Random random = new Random(1);
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = random.nextFloat();
      }
      image.append(pixels);
      return loaded.embed(image)[0];
    }
  }

  private static OpenedModel open(String model, ModelOutput output) {
    return ((NamedModel) source(model, output)).open();
  }

  private static ModelSource source(String model, ModelOutput output) {
    String text = model.startsWith("models/") ? TestData.path(model).toString() : model;
    return ModelSource.parse(text, ModelOptions.builder().modelOutput(output).build());
  }
}
