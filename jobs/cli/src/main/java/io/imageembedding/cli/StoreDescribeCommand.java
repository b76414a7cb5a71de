// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Json;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.VectorStore;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "describe",
    mixinStandardHelpOptions = true,
    description = "How many vectors a store has, and of which space.")
final class StoreDescribeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "S",
      converter = StoreWait.Address.class,
      description = StoreChoice.FORMS)
  private String address;

  @Mixin private StoreWait wait;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (VectorStore vectors = wait.open(address, OpenMode.read())) {
      StoreDescription is = vectors.describe();
      if (json) {
        out.println(Json.line(Described.of(is)));
        return ExitCode.OK;
      }
      row(out, "store", is.store());
      row(out, "vectors", "%,d".formatted(is.count()));
      is.collection().ifPresent(held -> print(out, held));
      is.details().forEach((key, value) -> row(out, key, value));
    }
    return ExitCode.OK;
  }

  static void print(PrintWriter out, CollectionSpec held) {
    row(out, "dimension", String.valueOf(held.dimension()));
    row(out, "metric", held.metric().id());
    row(out, "space", held.space().summary());
  }

  static void row(PrintWriter out, String name, String value) {
    out.printf("%-14s %s%n", name, value);
  }

  /** A store as {@code --json} prints it. */
  private record Described(
      String store,
      long vectors,
      Integer dimension,
      String metric,
      Object space,
      Map<String, String> details) {

    static Described of(StoreDescription is) {
      Optional<CollectionSpec> held = is.collection();
      return new Described(
          is.store(),
          is.count(),
          held.map(CollectionSpec::dimension).orElse(null),
          held.map(collection -> collection.metric().id()).orElse(null),
          held.map(CollectionSpec::space).orElse(null),
          is.details());
    }
  }
}
