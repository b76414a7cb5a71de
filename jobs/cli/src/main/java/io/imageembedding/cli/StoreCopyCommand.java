// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Json;
import io.imageembedding.cli.output.Progress;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.tool.StoreCopy;
import io.imageembedding.vectorstore.tool.StoreCopy.Copied;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "copy",
    mixinStandardHelpOptions = true,
    description =
        "Copies all vectors of a store into another of any kind, with their versions and metadata,"
            + " and makes that fast to search. Started again it goes on. What the target has in a"
            + " newer version stays. Exits with 1 if any cannot be held by the target, after all"
            + " others.")
final class StoreCopyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "S",
      converter = StoreWait.Address.class,
      description = "Source: " + StoreChoice.FORMS)
  private String source;

  @Parameters(
      index = "1",
      paramLabel = "T",
      converter = StoreWait.Address.class,
      description = "Target, likewise: new, empty, or of the same vector space.")
  private String target;

  @Mixin private StoreWait wait;

  @Option(names = "--json", description = "One JSON object with the counts.")
  private boolean json;

  @Override
  public Integer call() {
    Copied copied;
    PrintWriter err = spec.commandLine().getErr();
    wait.require(target);
    try (VectorStore from = wait.open(source, OpenMode.read());
        ProgressBar progress = Progress.bar("copying", from.describe().count())) {
      copied =
          StoreCopy.copy(
              from,
              target,
              refused -> err.println(refused.id() + ": " + refused.message()),
              progress::stepTo);
    }
    spec.commandLine()
        .getOut()
        .println(
            json
                ? Json.line(copied)
                : "copied %d of %d vectors, %d unchanged, %d refused, into %s"
                    .formatted(
                        copied.written(),
                        copied.vectors(),
                        copied.unchanged(),
                        copied.refused(),
                        target));
    return copied.refused() > 0 ? ExitCode.SOFTWARE : ExitCode.OK;
  }
}
