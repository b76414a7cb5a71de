// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.model.ModelSource;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Options by which a command is told its model. */
final class ModelChoice extends ModelDetails {
  private static final String BUILTIN = "builtin";

  @Option(
      names = MODEL,
      paramLabel = "SRC",
      description = "Where the model is: " + ModelSource.FORMS + ". Default: " + BUILTIN + ".")
  private String model = BUILTIN;

  /** The model, as {@link ModelDetails#source(CommandSpec, String)}. */
  ModelSource source(CommandSpec command) {
    return source(command, model);
  }

  /** The choices as options of the job, as far as they are given. */
  Map<String, String> jobOptions() {
    return jobOptions(model);
  }
}
