// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "store",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Looks at stores of vectors, and copies them.",
    subcommands = {StoreCopyCommand.class, StoreDescribeCommand.class, StoreVerifyCommand.class})
final class StoreCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }
}
