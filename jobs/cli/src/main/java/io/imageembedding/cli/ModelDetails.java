// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.image.InputRange;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options that say what is to be taken of a model: a group in the help of a command. */
class ModelDetails {
  static final String HEADING = "The model:%n";
  static final String MODEL = "--model";
  private static final String SIGNATURE = "--signature";
  private static final String INPUT_NAME = "--input-name";
  private static final String OUTPUT_NAME = "--output-name";
  private static final String INPUT_SIZE = "--input-size";
  private static final String INPUT_RANGE = "--input-range";
  private static final String OUTPUT = "--model-output";
  private static final String LABELS = "--labels";
  private static final String TOP_K = "--top-k";
  private static final String SHA256 = "--sha256";
  private static final String ALLOW_OPERATIONS = "--allow-operations";

  private static final String PRECISION = "--precision";

  private static final JobOptionNames OF_THE_JOB =
      new JobOptionNames(
          Map.ofEntries(
              Map.entry(MODEL, EmbedOptions.MODEL),
              Map.entry(SIGNATURE, EmbedOptions.MODEL_SIGNATURE),
              Map.entry(INPUT_NAME, EmbedOptions.MODEL_INPUT_NAME),
              Map.entry(OUTPUT_NAME, EmbedOptions.MODEL_OUTPUT_NAME),
              Map.entry(INPUT_SIZE, EmbedOptions.MODEL_INPUT_SIZE),
              Map.entry(INPUT_RANGE, EmbedOptions.MODEL_INPUT_RANGE),
              Map.entry(OUTPUT, EmbedOptions.MODEL_OUTPUT),
              Map.entry(LABELS, EmbedOptions.MODEL_LABELS),
              Map.entry(TOP_K, EmbedOptions.SCORES_TOP_K),
              Map.entry(SHA256, EmbedOptions.MODEL_SHA256),
              Map.entry(ALLOW_OPERATIONS, EmbedOptions.MODEL_ALLOW_OPERATIONS),
              Map.entry(PRECISION, EmbedOptions.MODEL_PRECISION)));

  @Option(
      names = SIGNATURE,
      paramLabel = "NAME",
      description = "Signature of a SavedModel; default: the only fitting one.")
  private String signature;

  @Option(
      names = INPUT_NAME,
      paramLabel = "NAME",
      description = "Input of the signature or tensor of a frozen graph that takes the images.")
  private String inputName;

  @Option(
      names = OUTPUT_NAME,
      paramLabel = "NAME",
      description = "Output of the signature or tensor of a frozen graph that gives the vectors.")
  private String outputName;

  @Option(
      names = INPUT_SIZE,
      paramLabel = "N",
      description = "Width and height of the model's images, where it does not say it itself.")
  private String inputSize;

  @Option(
      names = INPUT_RANGE,
      paramLabel = "RANGE",
      description = "Numbers that the model takes for colours: " + InputRange.FORMS + ".")
  private String inputRange;

  @Option(
      names = OUTPUT,
      paramLabel = "KIND",
      description =
          "features: what its global pooling gives, without its classifier. logits: its classifier's"
              + " scores, before a softmax. Default: what the model gives; of a checkpoint"
              + " features.")
  private String output;

  @Option(
      names = LABELS,
      paramLabel = "FILE",
      description = "Names of a classifier's classes, UTF-8, one a line, in the classes' order.")
  private String labels;

  @Option(
      names = TOP_K,
      paramLabel = "N",
      description = "Most classes whose scores are shown of a classifier; default: 5.")
  private String topK;

  @Option(
      names = SHA256,
      paramLabel = "HEX",
      description = "SHA-256 that the model must have; any other is refused.")
  private String sha256;

  @Option(
      names = ALLOW_OPERATIONS,
      paramLabel = "A,B",
      split = ",",
      description =
          "TensorFlow operations that the model may use although they are refused otherwise."
              + " Dangerous: only for a model that you made yourself.")
  private List<String> allowOperations;

  @Option(
      names = PRECISION,
      paramLabel = "KIND",
      description = "Arithmetic: fp32 (default), bf16, or auto (bf16 where it is faster).")
  private String precision;

  /**
   * The model; the file of labels is read.
   *
   * @throws ParameterException naming option, value and what is allowed
   * @throws ModelException if the labels cannot be used
   */
  ModelSource source(CommandSpec command, String text) {
    try {
      ModelSource.parse(text);
    } catch (ModelException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
    return OF_THE_JOB.read(command, jobOptions(text), EmbedOptions::model);
  }

  /**
   * Most classes that an embedding has scores of.
   *
   * @throws ParameterException naming option, value and what is allowed
   */
  int topK(CommandSpec command) {
    return OF_THE_JOB.read(command, jobOptions(null), EmbedOptions::topK);
  }

  /** The same as options of the job, as far as they are given. */
  Map<String, String> jobOptions(String text) {
    Map<String, String> options = new LinkedHashMap<>();
    OF_THE_JOB.put(MODEL, text, options);
    OF_THE_JOB.put(SIGNATURE, signature, options);
    OF_THE_JOB.put(INPUT_NAME, inputName, options);
    OF_THE_JOB.put(OUTPUT_NAME, outputName, options);
    OF_THE_JOB.put(INPUT_SIZE, inputSize, options);
    OF_THE_JOB.put(INPUT_RANGE, inputRange, options);
    OF_THE_JOB.put(OUTPUT, output, options);
    OF_THE_JOB.put(LABELS, labels, options);
    OF_THE_JOB.put(TOP_K, topK, options);
    OF_THE_JOB.put(SHA256, sha256, options);
    OF_THE_JOB.put(
        ALLOW_OPERATIONS,
        allowOperations == null ? null : String.join(";", allowOperations),
        options);
    OF_THE_JOB.put(PRECISION, precision, options);
    return options;
  }
}
