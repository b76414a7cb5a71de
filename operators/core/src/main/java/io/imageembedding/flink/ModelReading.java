// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.image.InputRange;
import io.imageembedding.model.Labels;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.configuration.ReadableConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a configuration says of the model. */
final class ModelReading {
  private static final Logger LOG = LoggerFactory.getLogger(ModelReading.class);
  private static final String SOME_NAME = "a name";

  private ModelReading() {}

  static ModelSource model(ReadableConfig config) {
    String text =
        Options.get(config, EmbedOptions.MODEL, value -> !value.isBlank(), ModelSource.FORMS);
    return ModelSource.parse(text, modelOptions(config));
  }

  private static ModelOptions modelOptions(ReadableConfig config) {
    return ModelOptions.builder()
        .signature(
            Options.optional(
                config, EmbedOptions.MODEL_SIGNATURE, value -> !value.isBlank(), SOME_NAME))
        .input(
            Options.optional(
                config, EmbedOptions.MODEL_INPUT_NAME, value -> !value.isBlank(), SOME_NAME))
        .output(
            Options.optional(
                config, EmbedOptions.MODEL_OUTPUT_NAME, value -> !value.isBlank(), SOME_NAME))
        .inputSize(
            Options.optional(
                config,
                EmbedOptions.MODEL_INPUT_SIZE,
                size -> size >= 32 && size <= 4096,
                "a whole number from 32 to 4096"))
        .inputRange(
            InputRange.parse(
                    Options.get(
                        config,
                        EmbedOptions.MODEL_INPUT_RANGE,
                        range -> InputRange.parse(range).isPresent(),
                        InputRange.FORMS))
                .orElseThrow())
        .modelOutput(
            Options.optional(
                config, EmbedOptions.MODEL_OUTPUT, value -> true, "features or logits"))
        .labels(labels(config))
        .sha256(
            Options.optional(
                config,
                EmbedOptions.MODEL_SHA256,
                hex -> hex.matches("[0-9a-fA-F]{64}"),
                "64 hex digits"))
        .allowedOperations(allowedOperations(config))
        .precision(
            Options.get(config, EmbedOptions.MODEL_PRECISION, value -> true, "fp32, bf16 or auto"))
        .build();
  }

  private static List<String> labels(ReadableConfig config) {
    String file =
        Options.optional(
            config, EmbedOptions.MODEL_LABELS, ModelReading::isPath, "the path of a file");
    return file == null ? null : Labels.read(Path.of(file));
  }

  private static boolean isPath(String text) {
    try {
      return !text.isBlank() && Path.of(text).getNameCount() > 0;
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static Set<String> allowedOperations(ReadableConfig config) {
    List<String> names =
        Options.optional(
            config,
            EmbedOptions.MODEL_ALLOW_OPERATIONS,
            all -> all.stream().allMatch(name -> name.matches("[A-Za-z][A-Za-z0-9_>]*")),
            "names of TensorFlow operations, separated by semicolons");
    if (names == null || names.isEmpty()) {
      return Set.of();
    }
    LOG.warn("{} lets the model use {}", EmbedOptions.MODEL_ALLOW_OPERATIONS.key(), names);
    return new TreeSet<>(names);
  }
}
