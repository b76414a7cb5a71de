// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.InputRange;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.optimize.OpenedModel;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A choice is used or refused, whatever kind of model it was made for. */
class ChoicesTest {
  private static final String UNTRAINED = "untrained:mobilenet_v2_0.35_96";
  private static final String WRONG = "0".repeat(64);

  @TempDir Path temporary;

  @ParameterizedTest
  @CsvSource({
    "builtin, signature",
    "builtin, input-name",
    "builtin, output-name",
    "untrained:mobilenet_v2_0.35_96, signature",
    "untrained:mobilenet_v2_0.35_96, input-name",
    "untrained:mobilenet_v2_0.35_96, output-name",
    "frozen.pb, signature",
    "frozen.pb, input-name",
    "frozen.pb, output-name",
    "models/mobilenet_v2_1.0_224.tgz, signature",
    "models/mobilenet_v2_1.0_224.tgz, input-name",
    "models/mobilenet_v2_1.0_224.tgz, output-name",
    "models/feature_vector_5, signature",
    "models/feature_vector_5, input-name",
    "models/feature_vector_5, output-name",
    "models/feature_vector_035_96, signature",
    "models/feature_vector_035_96, input-name",
    "models/feature_vector_035_96, output-name",
    "models/tf1_hub_035_96, signature",
    "models/tf1_hub_035_96, input-name",
    "models/tf1_hub_035_96, output-name",
    "builtin, input-range",
    "untrained:mobilenet_v2_0.35_96, input-range",
    "models/mobilenet_v2_1.0_224.tgz, input-range"
  })
  void aChoiceThatFitsNothingIsRefused(String model, String choice) throws IOException {
    ModelOptions.Builder options = ModelOptions.builder();
    switch (choice) {
      case "signature" -> options.signature("nonsense");
      case "input-name" -> options.input("nonsense");
      case "input-range" -> options.inputRange(InputRange.BYTES);
      default -> options.output("nonsense");
    }
    NamedModel door = (NamedModel) ModelSource.parse(text(model), options.build());

    assertThatThrownBy(door::open)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(choice.equals("input-range") ? "0..255" : "nonsense")
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "builtin",
        UNTRAINED,
        "frozen.pb",
        "models/feature_vector_035_96",
        "models/tf1_hub_035_96",
        "models/mobilenet_v2_1.0_224.tgz"
      })
  void anotherSha256IsRefused(String model) throws IOException {
    NamedModel door =
        (NamedModel) ModelSource.parse(text(model), ModelOptions.builder().sha256(WRONG).build());

    assertThatThrownBy(door::open)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("its SHA-256 is ")
        .hasMessageContaining("; needed: " + WRONG);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "builtin",
        UNTRAINED,
        "frozen.pb",
        "models/feature_vector_035_96",
        "models/mobilenet_v2_1.0_224.tgz"
      })
  void theContentsOwnSha256IsTaken(String model) throws IOException {
    String sha256 = ((NamedModel) ModelSource.parse(text(model))).open().sha256();

    OpenedModel pinned =
        ((NamedModel) ModelSource.parse(text(model), ModelOptions.builder().sha256(sha256).build()))
            .open();

    assertThat(pinned.sha256()).isEqualTo(sha256);
  }

  @Test
  void choicesThatFitAreTaken() {
    ModelOptions choices =
        ModelOptions.builder()
            .signature("serving_default")
            .input("inputs")
            .output("feature_vector")
            .build();

    OpenedModel model =
        ((NamedModel)
                ModelSource.parse(TestData.path("models/feature_vector_5").toString(), choices))
            .open();

    assertThat(model.inputSize()).isEqualTo(224);
  }

  private String text(String model) throws IOException {
    if (model.equals("frozen.pb")) {
      byte[] graph =
          ((NamedModel) ModelSource.parse(UNTRAINED)).open().graph().definition().toByteArray();
      return Files.write(temporary.resolve(model), graph).toString();
    }
    return model.startsWith("models/") ? TestData.path(model).toString() : model;
  }
}
