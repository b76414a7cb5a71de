// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.model.ModelSource;
import io.imageembedding.model.ReusableSavedModel;
import io.imageembedding.model.TrainableNetworks;
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
    name = "export",
    mixinStandardHelpOptions = true,
    description =
        "Writes a MobileNetV2 as a reusable SavedModel that TensorFlow's Python loads, calls and"
            + " trains (hub.KerasLayer(DIR, trainable=True)).")
final class ModelExportCommand implements Callable<Integer> {
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
    ModelSource model = details.source(source);
    ReusableSavedModel.write(
        output, TrainableNetworks.read(model), TrainableNetworks.labels(model));
    spec.commandLine().getOut().println(output);
    return ExitCode.OK;
  }
}
