// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Properties;

/** The figures with machine and method, as a page. */
public final class Results {
  private static final String METHOD = "method.md";

  private Results() {}

  public static void write(Path file, Plan plan, Report report) throws IOException {
    StringBuilder page = new StringBuilder();
    page.append("# Results\n\nWritten by `src/bench/run`")
        .append(plan == Plan.FULL ? "" : " --" + plan.name())
        .append(" on ")
        .append(LocalDate.now())
        .append(". ");
    if (plan != Plan.FULL) {
      page.append("A ").append(plan.name()).append(" run: rounds are short and few. ");
    }
    page.append("\n\n## Machine\n\n").append(Machine.read()).append("\n\n");
    page.append("JDK ").append(Runtime.version()).append(", ").append(versions()).append(".\n");
    page.append("\n## Figures\n\n");
    page.append(
        "Ratio: median over the rounds of ours against theirs in the same round; spread: least and"
            + " greatest of these ratios, or of the values where there is no rival. More than 1"
            + " means that ours is faster, or allocates less; for latencies it is the multiple of"
            + " the service time.\n");
    String section = "";
    for (Row row : report.rows()) {
      String of = row.name().substring(0, (row.name() + "/").indexOf('/'));
      if (!of.equals(section)) {
        section = of;
        page.append("\n### ").append(of).append("\n\n");
        page.append("| name | value | unit | against | theirs | ratio | spread |\n");
        page.append("|---|---:|---|---|---:|---:|---|\n");
      }
      page.append(line(row));
    }
    if (!report.notes().isEmpty()) {
      page.append("\n### Notes\n\n");
      report.notes().forEach(note -> page.append("- ").append(note).append('\n'));
    }
    page.append("\n## Method\n\n").append(method(plan));
    Files.writeString(file, page);
  }

  private static String line(Row row) {
    List<String> cells =
        List.of(
            "`" + row.name() + "`",
            Report.figure(row.value()),
            row.unit(),
            row.against() == null ? "" : row.against(),
            row.theirs() == null ? "" : Report.figure(row.theirs()),
            row.ratio() == null ? "" : Report.figure(row.ratio()),
            Report.spread(row));
    return "| " + String.join(" | ", cells) + " |\n";
  }

  /** Of what was measured, as the build knows them. */
  private static String versions() throws IOException {
    Properties versions = new Properties();
    try (InputStream in = Results.class.getResourceAsStream("versions.properties")) {
      versions.load(in);
    }
    return String.join(
        ", ",
        versions.stringPropertyNames().stream()
            .sorted()
            .map(name -> name.replace('-', ' ') + " " + versions.getProperty(name))
            .toList());
  }

  private static String method(Plan plan) throws IOException {
    try (InputStream in = Results.class.getResourceAsStream(METHOD)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .replace("{rounds}", String.valueOf(plan.rounds()))
          .replace("{round}", seconds(plan.round().toMillis()))
          .replace("{stream-rounds}", String.valueOf(plan.streamRounds()))
          .replace("{stream-warm-up}", seconds(plan.streamWarmUp().toMillis()))
          .replace("{stream}", seconds(plan.stream().toMillis()))
          .replace("{photos}", String.valueOf(plan.photos()))
          .replace("{checkpoints}", seconds(plan.checkpoints().toMillis()))
          .replace("{latency}", seconds(plan.latency().toMillis()))
          .replace("{forks}", String.valueOf(plan.harness()))
          .replace("{iterations}", String.valueOf(plan.harnessIterations()))
          .replace("{iteration}", seconds(plan.harnessIteration().toMillis()));
    }
  }

  private static String seconds(long millis) {
    return Report.figure(millis / 1e3) + " s";
  }
}
