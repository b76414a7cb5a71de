// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.OutputPaths;
import io.imageembedding.model.ModelSource;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A command that reads a model and writes another directory of it. */
abstract class ModelWritingCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SRC", description = "Where the model is, as for 'model inspect'.")
  private String source;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelDetails details = new ModelDetails();

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Directory of the SavedModel; must not be there yet, or be empty.")
  private Path output;

  abstract void write(ModelSource model, Path directory);

  @Override
  public final Integer call() {
    ModelSource model = details.source(spec, source);
    OutputPaths.requireNewFolder("--output", output);
    write(model, output);
    spec.commandLine().getOut().println(output);
    return ExitCode.OK;
  }
}
