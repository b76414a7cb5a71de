// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.ErrorDescriptor;
import io.imageembedding.cli.output.Failures;
import io.imageembedding.cli.output.PrintableWriter;
import io.imageembedding.flink.InvalidOptionException;
import java.io.PrintWriter;
import java.util.Arrays;
import org.apache.flink.annotation.Internal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command line. Exit code 0: done; 1: failed, with one line that says why; 2: wrong usage.
 * Results go to standard output, everything else to standard error.
 */
@Command(
    name = "embed",
    description = "Embeddings of images by MobileNetV2 on Apache Flink.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      DoctorCommand.class,
      FineTuneCommand.class,
      ImageCommand.class,
      IndexCommand.class,
      JobCommand.class,
      ModelCommand.class,
      PublishCommand.class,
      ReadCommand.class,
      ReplayCommand.class,
      SearchCommand.class,
      ServeCommand.class,
      StoreCommand.class,
      TopCommand.class
    })
@Internal
public final class Embed implements Runnable {
  private static final String VERBOSE = "--verbose";

  @Spec private CommandSpec spec;

  @Option(
      names = VERBOSE,
      scope = ScopeType.INHERIT,
      description = "Show the log, and the stack trace of a failure.")
  private boolean verbose;

  private Embed() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    ErrorDescriptor.use();
    if (Arrays.asList(args).contains(VERBOSE)) {
      // Before any logger is made.
      System.setProperty("image-embedding.log.level", "info");
      System.setProperty("image-embedding.kafka.log.level", "warn");
    }
    int exitCode = newCommandLine().execute(args);
    System.out.flush();
    System.exit(exitCode);
  }

  static CommandLine newCommandLine() {
    Embed embed = new Embed();
    CommandLine all = new CommandLine(embed);
    return newCommandLine(embed, all, all.getOut(), all.getErr());
  }

  static CommandLine newCommandLine(PrintWriter out, PrintWriter err) {
    Embed embed = new Embed();
    return newCommandLine(embed, new CommandLine(embed), out, err);
  }

  private static CommandLine newCommandLine(
      Embed embed, CommandLine all, PrintWriter out, PrintWriter err) {
    return all.setOut(new PrintableWriter(out))
        .setErr(new PrintableWriter(err))
        // Colours are escapes, which nothing here prints.
        .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((failure, typed) -> WrongUsage.say(failure))
        .setExecutionExceptionHandler(
            (failure, commandLine, parsed) -> {
              if (embed.verbose) {
                failure.printStackTrace(commandLine.getErr());
              }
              if (failure instanceof InvalidOptionException) {
                return WrongUsage.say(commandLine, Failures.describe(failure));
              }
              commandLine
                  .getErr()
                  .println(
                      commandLine
                          .getColorScheme()
                          .errorText("embed: " + Failures.describe(failure)));
              return CommandLine.ExitCode.SOFTWARE;
            });
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
  }
}
