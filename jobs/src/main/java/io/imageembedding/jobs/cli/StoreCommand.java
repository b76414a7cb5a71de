// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.vectorstore.Collection;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.VectorStore;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "store",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "What is in a store of vectors.")
final class StoreCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }

  @Command(
      name = "describe",
      mixinStandardHelpOptions = true,
      description = "How many vectors it has, and of which space.")
  int describe(
      @Mixin StoreChoice store,
      @Option(names = "--json", description = "One JSON object.") boolean json) {
    PrintWriter out = spec.subcommands().get("describe").getOut();
    try (VectorStore vectors = store.open(OpenMode.read())) {
      StoreDescription is = vectors.describe();
      if (json) {
        out.println(Json.line(Described.of(is)));
        return 0;
      }
      out.printf("%-14s %s%n", "store", is.store());
      out.printf("%-14s %,d%n", "vectors", is.count());
      is.collection()
          .ifPresent(
              held -> {
                out.printf("%-14s %d%n", "dimension", held.dimension());
                out.printf("%-14s %s%n", "metric", held.metric().id());
                out.printf("%-14s %s%n", "space", held.space().summary());
              });
      is.details().forEach((key, value) -> out.printf("%-14s %s%n", key, value));
    }
    return 0;
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
      Optional<Collection> held = is.collection();
      return new Described(
          is.store(),
          is.count(),
          held.map(Collection::dimension).orElse(null),
          held.map(collection -> collection.metric().id()).orElse(null),
          held.map(Collection::space).orElse(null),
          is.details());
    }
  }
}
