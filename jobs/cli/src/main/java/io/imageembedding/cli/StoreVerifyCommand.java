// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Json;
import io.imageembedding.cli.output.Progress;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.tool.StoreVerification;
import java.io.PrintWriter;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description =
        "Reads all of a store: it must have as many vectors as it says, each id once, no vector"
            + " without numbers or direction, and searches must find the nearest, with filters, too. Exits with 1 if"
            + " anything is wrong.")
final class StoreVerifyCommand implements Callable<Integer> {
  private static final int MOST = 10_000;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "S",
      converter = StoreWait.Address.class,
      description = StoreChoice.FORMS)
  private String address;

  @Mixin private StoreWait wait;

  @Option(
      names = "--sample",
      paramLabel = "N",
      defaultValue = "100",
      description = "Vectors of the store that are searched for. Default: ${DEFAULT-VALUE}.")
  private int sample;

  @Option(
      names = "--least-recall",
      paramLabel = "R",
      defaultValue = "0.95",
      description =
          "Part of the 10 nearest, by exact search, that searches must find, without filters and"
              + " with. Default:"
              + " ${DEFAULT-VALUE}.")
  private double leastRecall;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    require("--sample", sample >= 0 && sample <= MOST, sample + "; allowed: 0 to " + MOST);
    require(
        "--least-recall", leastRecall >= 0 && leastRecall <= 1, leastRecall + "; allowed: 0 to 1");
    StoreVerification found;
    try (VectorStore vectors = wait.open(address, OpenMode.read());
        ProgressBar progress = Progress.bar("verifying", 2 * vectors.describe().count())) {
      found = StoreVerification.of(vectors, sample, leastRecall, progress::stepTo);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.line(Verified.of(found)));
    } else {
      print(out, found);
    }
    if (found.faults().isEmpty()) {
      return ExitCode.OK;
    }
    throw new CommandFailure(found.store() + ": " + String.join("; ", found.faults()));
  }

  private void require(String option, boolean holds, String value) {
    if (!holds) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for " + option + ": " + value);
    }
  }

  private static void print(PrintWriter out, StoreVerification found) {
    StoreDescribeCommand.row(out, "store", found.store());
    StoreDescribeCommand.row(out, "vectors", "%,d".formatted(found.scanned()));
    found.collection().ifPresent(held -> StoreDescribeCommand.print(out, held));
    StoreDescribeCommand.row(out, "unusable", "%,d".formatted(found.unusable()));
    StoreDescribeCommand.row(
        out,
        "recall@" + StoreVerification.K,
        found.recall().isPresent()
            ? "%.4f of %d searches".formatted(found.recall().getAsDouble(), found.sampled())
            : "not measured");
    StoreDescribeCommand.row(
        out,
        "with a filter",
        found.filteredRecall().isPresent()
            ? "%.4f".formatted(found.filteredRecall().getAsDouble())
            : "not measured");
    StoreDescribeCommand.row(out, "sound", found.faults().isEmpty() ? "yes" : "no");
  }

  /** What was found, as {@code --json} prints it. */
  private record Verified(
      String store,
      boolean verified,
      long vectors,
      long count,
      Integer dimension,
      Object space,
      long unusable,
      int sampled,
      Double recall,
      Double filteredRecall,
      List<String> faults) {

    static Verified of(StoreVerification found) {
      return new Verified(
          found.store(),
          found.faults().isEmpty(),
          found.scanned(),
          found.count(),
          found.collection().map(CollectionSpec::dimension).orElse(null),
          found.collection().map(CollectionSpec::space).orElse(null),
          found.unusable(),
          found.sampled(),
          number(found.recall()),
          number(found.filteredRecall()),
          found.faults());
    }

    private static Double number(OptionalDouble value) {
      return value.isPresent() ? value.getAsDouble() : null;
    }
  }
}
