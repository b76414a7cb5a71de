// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "model",
    mixinStandardHelpOptions = true,
    description = "Looks into models, fetches them, and writes them in other forms.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ModelInspectCommand.class,
      ModelVerifyCommand.class,
      ModelImportCommand.class,
      ModelExportCommand.class,
      ModelFetchCommand.class,
      ModelListCommand.class
    })
final class ModelCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
  }
}
