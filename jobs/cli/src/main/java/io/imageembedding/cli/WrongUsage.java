// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.flink.NearestName;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What somebody gets who typed what cannot be meant: the cause, a guess, and where to read on. */
final class WrongUsage {
  private WrongUsage() {}

  /** Says it, and gives the exit code of a wrong usage. */
  static int say(ParameterException failure) {
    CommandLine command = failure.getCommandLine();
    String cause = failure.getMessage().replaceFirst("^Error: ", "");
    Optional<String> meant = Optional.empty();
    if (failure instanceof UnmatchedArgumentException unmatched) {
      String typed = unmatched.getUnmatched().get(0);
      CommandSpec spec = command.getCommandSpec();
      if (!typed.startsWith("-") && !spec.subcommands().isEmpty()) {
        cause = "Unknown command: '" + typed + "'";
        meant = NearestName.meant(typed, spec.subcommands().keySet());
      } else if (typed.startsWith("-")) {
        cause = "Unknown option: '" + typed + "'";
        meant = option(typed, spec);
      }
    }
    return say(command, cause, meant);
  }

  /** The same of an option's value. */
  static int say(CommandLine command, String cause) {
    return say(command, cause, Optional.empty());
  }

  private static int say(CommandLine command, String cause, Optional<String> meant) {
    PrintWriter err = command.getErr();
    err.println("embed: " + cause);
    meant.ifPresent(name -> err.println("did you mean " + name + "?"));
    err.println(command.getCommandSpec().qualifiedName() + " --help says more");
    err.flush();
    return ExitCode.USAGE;
  }

  /** What is typed with one dash too few, or with its value behind it, is meant, too. */
  private static Optional<String> option(String typed, CommandSpec spec) {
    String name = typed.replaceFirst("=.*", "").replaceFirst("^-+", "");
    List<String> names =
        spec.optionsMap().keySet().stream()
            .filter(each -> each.startsWith("--"))
            .map(each -> each.substring(2))
            .toList();
    return NearestName.meant(name, names).map(near -> "--" + near);
  }
}
