// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Plays scenarios one after the other on one test bed, which is healed in between, and compares
 * their vectors with those of an undisturbed run.
 */
final class Player implements AutoCloseable {
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");

  private final TestBed bed;
  private final int records;
  private final Consumer<String> progress;
  private Map<String, Long> expected;

  /**
   * @param folder for everything that is stored and logged
   * @param records of each scenario
   * @param progress takes a line whenever something happens
   */
  Player(Path folder, int records, Consumer<String> progress) throws Exception {
    this.records = records;
    this.progress = progress;
    progress.accept(line("cluster", "starts in " + folder));
    bed = TestBed.start(folder, Trial.isLong(records));
  }

  private static String line(String scenario, String text) {
    return "%s  %-34s %s".formatted(LocalTime.now().format(CLOCK), scenario, text);
  }

  /** Plays it, after an undisturbed run if there was none yet. */
  Verdict play(Scenario scenario) throws Exception {
    if (expected == null && scenario != PlainScenarios.UNDISTURBED) {
      Verdict undisturbed = play(PlainScenarios.UNDISTURBED);
      if (!undisturbed.holds()) {
        throw new IllegalStateException(
            "the undisturbed run failed already: " + undisturbed.faults());
      }
    }
    bed.heal();
    Instant begun = Instant.now();
    Consumer<String> lines = text -> progress.accept(line(scenario.name(), text));
    lines.accept(scenario.promise());
    Verdict verdict;
    try (Trial trial = new Trial(bed, scenario.name(), records, expected, lines)) {
      try {
        scenario.script().play(trial);
        verdict = trial.finish();
        if (scenario == PlainScenarios.UNDISTURBED) {
          expected = trial.answers().tallies().digests();
        }
      } catch (Scenario.SkippedException e) {
        verdict = empty(scenario, begun, List.of(), e.getMessage());
      } catch (Exception e) {
        String failure = trial.job() == null ? "" : bed.flink().failure(trial.job());
        verdict = empty(scenario, begun, List.of(e + "\n" + failure), null);
      }
    }
    for (String fault : verdict.faults()) {
      lines.accept("FAULT: " + fault);
    }
    lines.accept(
        verdict.skipped() != null
            ? "skipped: " + verdict.skipped()
            : verdict.holds() ? "holds" : "DOES NOT HOLD; logs are in " + bed.folder());
    return verdict;
  }

  private Verdict empty(Scenario scenario, Instant begun, List<String> faults, String skipped) {
    return new Verdict(
        scenario.name(),
        records,
        0,
        0,
        0,
        null,
        0,
        0,
        0,
        Duration.between(begun, Instant.now()),
        faults,
        skipped);
  }

  @Override
  public void close() throws Exception {
    bed.close();
  }
}
