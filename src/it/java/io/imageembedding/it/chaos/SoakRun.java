// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.it.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionState;

/**
 * A job under a steady load, with a failure every so often, and what its processes take of the
 * machine meanwhile. One TaskManager is never killed: it is the one that is measured. Everything
 * else takes turns.
 */
final class SoakRun {
  private static final String NAME = "soak";
  private static final int SAMPLES_BETWEEN_COLLECTIONS = 6;
  private static final int SAMPLES_BETWEEN_PAGES = 12;

  private final Duration time;
  private final int perSecond;
  private final Duration betweenFailures;
  private final Duration betweenSamples;
  private final Path folder;
  private final Consumer<String> progress;
  private final SoakRecord record;
  private final Instant begun = Instant.now();
  private ChildProcess measured;
  private long checkpoints;
  private int failures;
  private int samples;

  SoakRun(
      Duration time,
      int perSecond,
      Duration betweenFailures,
      Duration betweenSamples,
      Path folder,
      Consumer<String> progress)
      throws IOException {
    this.time = time;
    this.perSecond = perSecond;
    this.betweenFailures = betweenFailures;
    this.betweenSamples = betweenSamples;
    this.folder = folder;
    this.progress = progress;
    record = new SoakRecord(folder.resolve("soak.csv"));
  }

  /** How it ended: lines for people, and whether every limit held. */
  record Outcome(List<String> lines, boolean holds) {}

  Outcome run() throws Exception {
    int records = (int) (time.toSeconds() * perSecond);
    try (TestBed bed = TestBed.start(folder, true);
        Trial trial = new Trial(bed, NAME, records, null, this::say)) {
      trial.option("parallelism.default", String.valueOf(Soak.PARALLELISM));
      trial.feed(0, records, perSecond);
      trial.submit();
      trial.awaitAnswers(1);
      measured = bed.cluster().taskManagers().get(0);
      Instant end = Instant.now().plus(time);
      Instant nextFailure = Instant.now().plus(betweenFailures);
      Instant nextSample = Instant.now();
      while (Instant.now().isBefore(end)) {
        if (!Instant.now().isBefore(nextFailure)) {
          // None so late that nothing is seen of what it left.
          if (Instant.now().plus(betweenFailures.dividedBy(2)).isBefore(end)) {
            fail(trial);
          }
          nextFailure = Instant.now().plus(betweenFailures);
        }
        sample(trial);
        if (samples % SAMPLES_BETWEEN_PAGES == 0) {
          draw(List.of("after " + seconds() + " s"));
        }
        nextSample = nextSample.plus(betweenSamples);
        Duration left = Duration.between(Instant.now(), nextSample);
        if (left.isNegative()) {
          nextSample = Instant.now();
        } else {
          trial.pause(left);
        }
      }
      Verdict verdict = trial.finish();
      return outcome(verdict);
    }
  }

  private Outcome outcome(Verdict verdict) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%d s, %d messages, %d checkpoints, %d failures; %d ids missing, %d twice"
            .formatted(
                seconds(),
                verdict.records(),
                checkpoints,
                failures,
                verdict.missing(),
                verdict.twice()));
    List<SoakSeries.Finding> findings = record.findings();
    lines.addAll(findings.stream().map(SoakSeries.Finding::line).toList());
    lines.addAll(verdict.faults());
    boolean holds = verdict.holds() && findings.stream().allMatch(SoakSeries.Finding::holds);
    lines.add(holds ? "holds" : "DOES NOT HOLD");
    draw(lines);
    return new Outcome(lines, holds);
  }

  private void draw(List<String> lines) throws IOException {
    Files.writeString(folder.resolve("soak.html"), SoakPage.of(record, lines));
  }

  private long seconds() {
    return Duration.between(begun, Instant.now()).toSeconds();
  }

  private void say(String line) {
    progress.accept("%6d s  %s".formatted(seconds(), line));
  }

  private void fail(Trial trial) throws Exception {
    int kind = failures++ % 4;
    TestBed bed = trial.bed();
    String what =
        switch (kind) {
          case 0 -> "stopped with a savepoint, and submitted again";
          case 1 -> "kill -9 of a TaskManager";
          case 2 -> "kill -9 of the broker";
          default -> "kill -9 of the JobManager";
        };
    trial.strike(what);
    record.event(seconds(), what);
    switch (kind) {
      case 0 -> {
        trial.option("execution.state-recovery.path", trial.stopWithSavepoint());
        trial.submit();
      }
      case 1 -> {
        for (ChildProcess each : bed.cluster().taskManagers()) {
          if (each != measured) {
            each.kill();
          }
        }
        bed.cluster().startTaskManager();
      }
      case 2 -> {
        bed.broker().process().kill();
        bed.broker().start();
      }
      default -> {
        bed.cluster().jobManager().kill();
        bed.cluster().startJobManager();
      }
    }
    trial.awaitRecovered();
  }

  private void sample(Trial trial) throws Exception {
    TestBed bed = trial.bed();
    Map<SoakSeries, Long> values = new EnumMap<>(SoakSeries.class);
    try {
      values.put(
          SoakSeries.TRANSACTIONAL_IDS, (long) trial.topics().transactionalIds("chaos-" + NAME));
      values.put(
          SoakSeries.OPEN_TRANSACTIONS,
          (long)
              trial
                  .topics()
                  .admin()
                  .listTransactions(
                      new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING)))
                  .all()
                  .get()
                  .size());
    } catch (ExecutionException e) {
      say("the broker does not say its transactions: " + e.getCause());
    }
    values.put(SoakSeries.BROKER_HEAP, bed.broker().heapBytes());
    values.put(SoakSeries.BROKER_RESIDENT, bed.broker().process().residentBytes());
    values.put(SoakSeries.RESIDENT, measured.residentBytes());
    values.put(SoakSeries.THREADS, measured.threads());
    values.put(SoakSeries.OPEN_FILES, measured.openFiles());
    if (samples++ % SAMPLES_BETWEEN_COLLECTIONS == 0) {
      values.put(SoakSeries.METASPACE, measured.metaspaceBytes());
    }
    checkpoints = Math.max(checkpoints, bed.flink().lastCheckpointNumber(trial.job()));
    record.add(
        Duration.between(begun, Instant.now()).toMillis() / 1e3,
        checkpoints,
        trial.answers().answered(),
        values);
  }
}
