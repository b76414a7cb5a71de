// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbedOptionsTest {

  @Test
  void nothingSetIsEveryDefault() {
    Configuration none = new Configuration();

    assertThat(EmbedOptions.batchPolicy(none)).isEqualTo(BatchPolicy.DEFAULT);
    assertThat(EmbedOptions.decodeLimits(none)).isEqualTo(DecodeLimits.DEFAULT);
    assertThat(EmbedOptions.preprocessing(none)).isEqualTo(Preprocessing.REFERENCE);
    assertThat(EmbedOptions.topK(none)).isEqualTo(5);
    assertThat(EmbedOptions.model(none)).isEqualTo(ModelSource.parse("builtin"));
  }

  @Test
  void whatIsChosenOfAModelReachesItWithTheLabelsThemselves(@TempDir Path folder)
      throws IOException {
    Path labels = Files.writeString(folder.resolve("labels.txt"), "cat\ndog\n");
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "image-embedding.model", "/models/mine",
                "image-embedding.model.signature", "s",
                "image-embedding.model.input-name", "i",
                "image-embedding.model.output-name", "o",
                "image-embedding.model.input-size", "96",
                "image-embedding.model.output", "logits",
                "image-embedding.model.labels", labels.toString(),
                "image-embedding.model.sha256", "AB".repeat(32),
                "image-embedding.model.allow-operations", "Print;Custom>Op"));
    ModelSource model = EmbedOptions.model(config);
    Files.delete(labels);

    assertThat(model)
        .isEqualTo(
            ModelSource.parse(
                "/models/mine",
                ModelOptions.builder()
                    .signature("s")
                    .input("i")
                    .output("o")
                    .inputSize(96)
                    .modelOutput(ModelOutput.LOGITS)
                    .labels(List.of("cat", "dog"))
                    .sha256("ab".repeat(32))
                    .allowedOperations(Set.of("Print", "Custom>Op"))
                    .build()));
  }

  @Test
  void aFileOfLabelsThatCannotBeReadFailsTheBuildByName() {
    Configuration config =
        Configuration.fromMap(Map.of("image-embedding.model.labels", "nowhere.txt"));

    assertThatThrownBy(() -> EmbedOptions.model(config))
        .isInstanceOf(ModelException.class)
        .hasMessage("labels file nowhere.txt cannot be read");
  }

  @Test
  void aTextThatNamesNoModelIsAnsweredWithEveryFormThereIs() {
    Configuration blank = Configuration.fromMap(Map.of("image-embedding.model", " "));

    assertThatThrownBy(() -> EmbedOptions.model(blank))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage("image-embedding.model: ' ' is not allowed; allowed: " + ModelSource.FORMS);
    assertThatThrownBy(() -> ModelSource.parse(" "))
        .isInstanceOf(ModelException.class)
        .hasMessageEndingWith(ModelSource.FORMS);
  }

  @Test
  void valuesAreReadInTheirUnits() {
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "image-embedding.batch.max-count", "4",
                "image-embedding.batch.max-bytes", "2 mb",
                "image-embedding.batch.max-age", "20 ms",
                "image-embedding.image.orientation", "apply"));

    assertThat(EmbedOptions.batchPolicy(config))
        .isEqualTo(new BatchPolicy(4, 2 << 20, Duration.ofMillis(20)));
    assertThat(EmbedOptions.preprocessing(config).orientation()).isEqualTo(Orientation.APPLY);
  }

  @ParameterizedTest
  @CsvSource({
    "image-embedding.batch.max-count, 0, a whole number from 1 to 1024",
    "image-embedding.batch.max-count, 1025, a whole number from 1 to 1024",
    "image-embedding.batch.max-count, many, a whole number from 1 to 1024",
    "image-embedding.batch.max-age, 0 ms, a duration from 1 ms to 1 h",
    "image-embedding.batch.max-age, soon, a duration from 1 ms to 1 h",
    "image-embedding.batch.max-bytes, 2 gb, a size from 1 byte to 1 gb",
    "image-embedding.image.max-bytes, -1, a size from 1 byte to 1 gb",
    "image-embedding.image.max-pixels, 0, a whole number from 1 to 500000000",
    "image-embedding.image.max-width, 70000, a whole number from 1 to 65535",
    "image-embedding.image.orientation, sideways, ignore or apply",
    "image-embedding.model.signature, ' ', a name",
    "image-embedding.model.input-name, '', a name",
    "image-embedding.model.output-name, ' ', a name",
    "image-embedding.model.input-size, 31, a whole number from 32 to 4096",
    "image-embedding.model.input-size, 4097, a whole number from 32 to 4096",
    "image-embedding.model.input-size, big, a whole number from 32 to 4096",
    "image-embedding.model.output, scores, features or logits",
    "image-embedding.model.labels, ' ', the path of a file",
    "image-embedding.model.sha256, 12ab, 64 hex digits",
    "image-embedding.model.allow-operations, 'Print;a/b',"
        + " 'names of TensorFlow operations, separated by semicolons'",
    "image-embedding.scores.top-k, 0, a whole number from 1 to 1000",
    "image-embedding.scores.top-k, 1001, a whole number from 1 to 1000",
  })
  void aWrongValueIsRefusedByKeyValueAndWhatIsAllowed(String key, String value, String allowed) {
    Configuration config = Configuration.fromMap(Map.of(key, value));
    Function<ReadableConfig, Object> everything =
        c ->
            List.of(
                EmbedOptions.batchPolicy(c),
                EmbedOptions.decodeLimits(c),
                EmbedOptions.preprocessing(c),
                EmbedOptions.model(c),
                EmbedOptions.topK(c));

    assertThatThrownBy(() -> everything.apply(config))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(key + ": '" + value + "' is not allowed; allowed: " + allowed);
  }

  @Test
  void anUnknownKeyIsRefusedWithTheNearestKnownOne() {
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "image-embedding.batch.maxcount", "4",
                "parallelism.default", "2",
                "image-embedding.kafka.properties.acks", "all"));

    assertThatThrownBy(
            () ->
                Options.requireKnown(
                    config, EmbedOptions.all(), List.of("image-embedding.kafka.properties.")))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(
            "image-embedding.batch.maxcount: there is no such option;"
                + " the nearest is image-embedding.batch.max-count");
  }
}
