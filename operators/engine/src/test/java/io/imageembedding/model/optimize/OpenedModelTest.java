// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.ProofFigures;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkRecogniser.Recognised;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.run.ModelProof;
import io.imageembedding.model.source.BuiltinModel;
import io.imageembedding.model.source.NamedModel;
import io.imageembedding.testing.TestData;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenedModelTest {

  @ParameterizedTest
  @CsvSource({
    "feature_vector_2, 1.0, 224, 0",
    "feature_vector_2_wrapped, 1.0, 224, 0",
    "feature_vector_5, 1.0, 224, 0",
    "feature_vector_035_96, 0.35, 96, 0",
    "tf1_hub_035_96, 0.35, 96, 0",
    "classification_2, 1.0, 224, 1001",
    "keras_classifier, 1.0, 224, 5"
  })
  void everyFormIsRecognisedByItsDataFlow(String model, double multiplier, int size, int classes) {
    Recognised recognised = open(model).recognised().orElseThrow();

    MobileNetV2 network = recognised.weights().network();
    assertThat(network.multiplier()).isEqualTo(multiplier);
    assertThat(network.inputSize()).isEqualTo(size);
    assertThat(shapes(recognised.weights())).isEqualTo(shapes(network.variables()));
    assertThat(recognised.trainable()).isTrue();
    int found = recognised.weights().head() == null ? 0 : recognised.weights().head().classes();
    assertThat(found).isEqualTo(classes);
  }

  @Test
  void variablesAreFoundWhateverTheyAreCalled() {
    Map<String, FloatTensor> expected = BuiltinModel.weights();
    for (String model : new String[] {"feature_vector_2", "feature_vector_2_wrapped"}) {
      open(model)
          .recognised()
          .orElseThrow()
          .weights()
          .variables()
          .forEach(
              (name, value) ->
                  assertThat(value.bytes()).as(name).isEqualTo(expected.get(name).bytes()));
    }
  }

  @Test
  void regularisationLossesAreThoseOfTheModule() {
    TrainableNetwork network = open("feature_vector_2").trainable();

    assertThat(network.regularizers()).hasSize(35);
    assertThat(network.regularizers().stream().map(Regularizer::variables))
        .allSatisfy(variables -> assertThat(variables).hasSize(1));
    assertThat(network.regularizers().stream().flatMap(r -> r.variables().stream()))
        .doesNotHaveDuplicates()
        .allMatch(name -> name.endsWith("/weights"));
    assertThat(open("feature_vector_2_wrapped").trainable().regularizers()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "feature_vector_2, 0.997",
    "feature_vector_2_wrapped, 0.997",
    "feature_vector_5, 0.99",
    "keras_classifier, 0.997"
  })
  void theDecayIsThatOfTheModulesTrainingFunction(String model, double decay) {
    assertThat(open(model).trainable().batchNormDecay().orElseThrow())
        .isCloseTo(decay, within(1e-6));
  }

  @ParameterizedTest
  @ValueSource(strings = {"feature_vector_2_wrapped", "feature_vector_035_96"})
  void aRecognisedModelHasTheSameBitsInEveryBatch(String name) {
    try (FeatureVectorModel model = open(name).load(ModelOptions.NONE)) {
      int size = model.descriptor().inputSize();
      ProofFigures finding = ModelProof.of(name, size, model::embed);
      assertThat(finding.sameBits()).isTrue();
    }
  }

  private static Map<String, String> shapes(NetworkWeights weights) {
    return weights.variables().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, e -> Arrays.toString(e.getValue().shape())));
  }

  private static Map<String, String> shapes(Map<String, long[]> variables) {
    return variables.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, e -> Arrays.toString(e.getValue())));
  }

  private static OpenedModel open(String model) {
    return ((NamedModel) ModelSource.parse(TestData.path("models/" + model).toString())).open();
  }

  @ParameterizedTest
  @ValueSource(strings = {"builtin", "untrained:mobilenet_v2_0.35_128"})
  void aSizeThatTheModelDoesNotTakeIsRefused(String source) {
    ModelSource model = ModelSource.parse(source, ModelOptions.builder().inputSize(160).build());

    assertThatThrownBy(model::load)
        .isInstanceOf(ModelException.class)
        .hasMessageMatching("model \\S+.* takes images of (224 x 224|128 x 128), not of 160 x 160");
  }

  @Test
  void logitsOfANetworkWithoutClassifierAreRefused() {
    ModelSource model =
        ModelSource.parse(
            "builtin", ModelOptions.builder().modelOutput(ModelOutput.LOGITS).build());

    assertThatThrownBy(model::load)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no classifier");
  }
}
