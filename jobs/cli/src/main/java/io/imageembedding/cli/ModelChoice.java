// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.model.ModelSource;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options by which a command is told its model. */
final class ModelChoice extends ModelDetails {

  @Option(
      names = MODEL,
      paramLabel = "SRC",
      defaultValue = "builtin",
      description = "Where the model is: " + ModelSource.FORMS + ". Default: ${DEFAULT-VALUE}.")
  private String model;

  /** The model, as {@link ModelDetails#source(String)}. */
  ModelSource source() {
    return source(model);
  }

  /** The choices as options of the job, as far as they are given. */
  Map<String, String> jobOptions() {
    return jobOptions(model);
  }
}
