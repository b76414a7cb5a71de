// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.model.ModelInspector;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description =
        "Writes any model as a plain SavedModel that every version of TensorFlow serves: constants,"
            + " and the signature serving_default.")
final class ModelImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SRC", description = "Where the model is, as for 'model inspect'.")
  private String source;

  @Mixin private ModelDetails details;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Directory of the SavedModel; must not be there yet, or be empty.")
  private Path output;

  @Override
  public Integer call() {
    ModelInspector.writePlain(details.source(source), output);
    spec.commandLine().getOut().println(output);
    return ExitCode.OK;
  }
}
