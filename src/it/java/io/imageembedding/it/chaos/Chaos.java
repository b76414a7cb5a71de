// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command that starts a cluster with a broker, submits, kills and counts. */
@Command(
    name = "chaos",
    mixinStandardHelpOptions = true,
    description =
        "Starts a broker and a cluster in processes of their own, does harm to them, and counts:"
            + " every id answered once, with the bits of an undisturbed run. Exit code 1 if a"
            + " scenario does not hold.")
final class Chaos implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec private CommandSpec spec;

  @Option(
      names = "--scenario",
      paramLabel = "NAME",
      description = "One scenario, can be given again; default: all.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--list", description = "Print the scenarios, and what they prove.")
  private boolean list;

  @Option(
      names = "--records",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Messages of each scenario; default ${DEFAULT-VALUE}.")
  private int records;

  @Option(names = "--json", description = "Print one JSON object a line instead of the table.")
  private boolean json;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      description = "For logs and all that is stored; default: a new temporary one.")
  private Path folder;

  public static void main(String[] args) {
    OwnProcesses.endWithThisOne();
    System.exit(new CommandLine(new Chaos()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (list) {
      for (Scenario scenario : Scenarios.all()) {
        System.out.printf("%-36s %s%n", scenario.name(), scenario.promise());
      }
      return 0;
    }
    List<Scenario> scenarios =
        names.isEmpty() ? Scenarios.all() : names.stream().map(this::named).toList();
    Path place =
        folder == null
            ? Files.createTempDirectory("image-embedding-chaos-")
            : Files.createDirectories(folder).toAbsolutePath();
    List<Verdict> verdicts = new ArrayList<>();
    try (Player player = new Player(place, records, System.err::println)) {
      for (Scenario scenario : scenarios) {
        Verdict verdict = player.play(scenario);
        verdicts.add(verdict);
        if (json) {
          System.out.println(JSON.writeValueAsString(fields(verdict)));
        }
      }
    }
    if (!json) {
      table(verdicts);
    }
    return verdicts.stream().allMatch(Verdict::holds) ? 0 : 1;
  }

  private Scenario named(String name) {
    try {
      return Scenarios.named(name);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static Map<String, Object> fields(Verdict verdict) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("scenario", verdict.scenario());
    fields.put("holds", verdict.holds());
    fields.put("skipped", verdict.skipped());
    fields.put("records", verdict.records());
    fields.put("missing", verdict.missing());
    fields.put("twice", verdict.twice());
    fields.put("differing", verdict.differing());
    fields.put("recoveryMillis", verdict.recovery() == null ? null : verdict.recovery().toMillis());
    fields.put("transactionalIds", verdict.transactionalIds());
    fields.put("residentBefore", verdict.residentBefore());
    fields.put("residentAfter", verdict.residentAfter());
    fields.put("millis", verdict.took().toMillis());
    fields.put("faults", verdict.faults());
    return fields;
  }

  private static void table(List<Verdict> verdicts) {
    System.out.printf(
        "%-36s %8s %8s %6s %8s %9s %4s %15s %6s  %s%n",
        "SCENARIO",
        "RECORDS",
        "MISSING",
        "TWICE",
        "VECTORS",
        "RECOVERY",
        "IDS",
        "RSS MB",
        "TOOK",
        "");
    for (Verdict verdict : verdicts) {
      System.out.printf(
          "%-36s %8d %8d %6d %8d %9s %4d %15s %6s  %s%n",
          verdict.scenario(),
          verdict.records(),
          verdict.missing(),
          verdict.twice(),
          verdict.differing(),
          verdict.recovery() == null
              ? "-"
              : "%.1f s".formatted(verdict.recovery().toMillis() / 1e3),
          verdict.transactionalIds(),
          "%d -> %d".formatted(verdict.residentBefore() >> 20, verdict.residentAfter() >> 20),
          verdict.took().toSeconds() + " s",
          verdict.skipped() != null
              ? "skipped: " + verdict.skipped()
              : verdict.holds() ? "holds" : "DOES NOT HOLD");
    }
  }
}
