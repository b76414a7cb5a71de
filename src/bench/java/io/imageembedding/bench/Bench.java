// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.report.Plan;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Results;
import io.imageembedding.bench.report.Row;
import io.imageembedding.bench.section.Section;
import io.imageembedding.bench.section.Sections;
import io.imageembedding.bench.section.Setting;
import io.imageembedding.it.JavaProcess;
import io.imageembedding.safety.FileTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The program behind {@code src/bench/run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description =
        "Measures the product and what people would use instead, in turns, and prints ratios. Rivals"
            + " in Python are measured where the interpreter that BENCH_PYTHON names (default:"
            + " python3) has them.")
public final class Bench implements Callable<Integer> {

  @Option(names = "--quick", description = "Short rounds: under 10 minutes.")
  private boolean quick;

  @Option(names = "--smoke", description = "Shows only that everything runs.")
  private boolean smoke;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there, too.")
  private Path json;

  @Option(
      names = "--results",
      paramLabel = "FILE",
      description = "Where the tables with machine and method go.")
  private Path results;

  @Option(
      names = "--only",
      paramLabel = "SECTION",
      split = ",",
      description = "Only these sections; nothing is written to RESULTS.md without --results.")
  private Set<String> only = Set.of();

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      description = "Where fixtures and logs go, and stay; otherwise they are deleted at the end.")
  private Path kept;

  @Spec private CommandSpec spec;

  /** The command line. */
  public static void main(String[] args) {
    // Another run on the machine is none of the harness's business.
    System.setProperty("jmh.ignoreLock", "true");
    System.exit(new CommandLine(new Bench()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    requireSections();
    Plan plan = smoke ? Plan.SMOKE : quick ? Plan.QUICK : Plan.FULL;
    Report report = new Report(spec.commandLine().getOut());
    run(plan, report);
    if (json != null) {
      write(report.rows(), json);
    }
    if (results != null) {
      Results.write(results, plan, report);
    } else if (only.isEmpty() && !smoke) {
      Results.write(JavaProcess.project().resolve("src/bench/RESULTS.md"), plan, report);
    }
    return report.failed() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
  }

  private void requireSections() {
    List<String> names = Sections.ALL.stream().map(Section::name).toList();
    only.stream()
        .filter(name -> !names.contains(name))
        .findFirst()
        .ifPresent(
            name -> {
              throw new CommandLine.ParameterException(
                  spec.commandLine(),
                  "--only: there is no section "
                      + name
                      + "; there are "
                      + String.join(", ", names));
            });
  }

  private void run(Plan plan, Report report) throws Exception {
    if (kept != null) {
      measure(plan, Files.createDirectories(kept).toAbsolutePath(), report);
      return;
    }
    Path folder = Files.createTempDirectory("image-embedding-bench-");
    try {
      measure(plan, folder, report);
    } finally {
      FileTrees.discard(folder);
    }
  }

  private void measure(Plan plan, Path folder, Report report)
      throws IOException, InterruptedException {
    Fixtures.write(folder, plan.photos());
    try (Setting setting = new Setting(plan, folder)) {
      for (Section section : Sections.ALL) {
        if (only.isEmpty() || only.contains(section.name())) {
          measure(section, setting, report);
        }
      }
    }
  }

  /** A section that fails does not take the others' figures with it. */
  private static void measure(Section section, Setting setting, Report report)
      throws InterruptedException {
    long start = System.nanoTime();
    try {
      section.measure(setting, report);
      report.progress(section.name(), (System.nanoTime() - start) / 1e9);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      report.failure(section.name(), e);
    }
  }

  private static void write(List<Row> rows, Path file) throws IOException {
    List<Map<String, Object>> list =
        rows.stream()
            .map(
                row -> {
                  Map<String, Object> fields = new LinkedHashMap<>();
                  fields.put("name", row.name());
                  fields.put("value", row.value());
                  fields.put("unit", row.unit());
                  fields.put("against", row.against());
                  fields.put("ratio", row.ratio());
                  return fields;
                })
            .toList();
    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), list);
  }
}
