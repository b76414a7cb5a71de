// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.top;

import io.imageembedding.cli.cluster.JobSnapshot;
import io.imageembedding.cli.cluster.JobSnapshot.Place;
import io.imageembedding.cli.figures.Checkpoints;
import io.imageembedding.cli.figures.Figures;
import io.imageembedding.cli.figures.JobFigures;
import io.imageembedding.cli.figures.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A job's figures in tables, for a terminal of 80 columns. */
final class TopScreen {
  private static final String NOT_KNOWN = "-";
  private static final String NAME = "%-14s";
  private static final String CELL = "%11s";
  private static final String SUBTASK_CELLS = "%7s %6s %6s %7s %8s %5s %6s %6s %6s %6s %6s  %s";

  private TopScreen() {}

  static List<String> lines(
      String job, String address, JobSnapshot snapshot, JobFigures figures, boolean subtasks) {
    Figures all = figures.job();
    List<String> lines = new ArrayList<>();
    lines.add(
        job
            + "  "
            + snapshot.state()
            + ", submitted "
            + time(Duration.ofMillis(snapshot.millis()))
            + " ago, restarts "
            + snapshot.restarts()
            + ", at "
            + address);
    lines.add("");
    lines.add(row("", Stream.of("in", "out", "refused", "lag")));
    lines.add(
        row(
            "images",
            Stream.of(count(all.in()), count(all.out()), count(all.refused()), count(all.lag()))));
    lines.add(
        row(
            "a second",
            Stream.of(all.inPerSecond(), all.outPerSecond(), all.refusedPerSecond())
                .map(TopScreen::decimal)));
    lines.add("");
    lines.add(row("", Stream.of(Stage.values()).map(Stage::key)));
    lines.add(stages("ms an image", stage -> decimal(all.millisPerImage().get(stage))));
    lines.add(stages("share", stage -> percent(all.share(stage))));
    lines.add("");
    lines.add(named("batch", decimal(all.batchSize()) + " images"));
    lines.add(named("latency", latency(all)));
    lines.add(named("checkpoints", checkpoints(snapshot.checkpoints())));
    lines.add(named("refused", codes(all.refusedByCode())));
    if (!all.refusedByStore().isEmpty()) {
      lines.add(named("by the store", codes(all.refusedByStore())));
    }
    if (subtasks) {
      lines.add("");
      lines.add(
          String.format(
              SUBTASK_CELLS,
              "subtask",
              "in/s",
              "out/s",
              "refused",
              "lag",
              "batch",
              "queue",
              "decode",
              "infer",
              "encode",
              "store",
              "where"));
      figures
          .subtasks()
          .forEach((subtask, own) -> lines.add(subtask(subtask, own, snapshot.places())));
    }
    return lines;
  }

  private static String subtask(int subtask, Figures figures, Map<Integer, Place> places) {
    Place place = places.get(subtask);
    List<Object> cells = new ArrayList<>();
    cells.add(subtask);
    cells.add(decimal(figures.inPerSecond()));
    cells.add(decimal(figures.outPerSecond()));
    cells.add(count(figures.refused()));
    cells.add(count(figures.lag()));
    cells.add(decimal(figures.batchSize()));
    for (Stage stage : Stage.values()) {
      cells.add(decimal(figures.millisPerImage().get(stage)));
    }
    cells.add(place == null ? "" : place.state() + " " + place.taskManager());
    return String.format(SUBTASK_CELLS, cells.toArray()).stripTrailing();
  }

  private static String row(String name, Stream<String> cells) {
    return (String.format(NAME, name)
            + cells.map(cell -> String.format(CELL, cell)).collect(Collectors.joining()))
        .stripTrailing();
  }

  private static String stages(String name, Function<Stage, String> cell) {
    return row(name, Stream.of(Stage.values()).map(cell));
  }

  private static String named(String name, String value) {
    return String.format(NAME, name) + value;
  }

  private static String latency(Figures figures) {
    return figures.latencyMillis() == null
        ? NOT_KNOWN
        : String.format(
            Locale.ROOT,
            "%.1f s from the time of a message to its answer",
            figures.latencyMillis() / 1000);
  }

  private static String checkpoints(Checkpoints checkpoints) {
    String newest = checkpoints.newest();
    if (checkpoints.last() != null) {
      newest +=
          String.format(
              Locale.ROOT,
              ", %,d bytes in %.1f s",
              checkpoints.bytes(),
              checkpoints.durationMillis() / 1000.0);
    }
    return newest + "; completed " + checkpoints.completed() + ", failed " + checkpoints.failed();
  }

  private static String codes(Map<String, Long> counts) {
    return counts.isEmpty()
        ? NOT_KNOWN
        : counts.entrySet().stream()
            .map(each -> each.getKey() + " " + count(each.getValue()))
            .collect(Collectors.joining(", "));
  }

  private static String count(Long value) {
    return value == null ? NOT_KNOWN : String.format(Locale.ROOT, "%,d", value);
  }

  private static String decimal(Double value) {
    return value == null ? NOT_KNOWN : String.format(Locale.ROOT, "%.1f", value);
  }

  private static String percent(Double share) {
    return share == null ? NOT_KNOWN : String.format(Locale.ROOT, "%.0f %%", share * 100);
  }

  private static String time(Duration time) {
    if (time.toHours() > 0) {
      return time.toHours() + " h " + time.toMinutesPart() + " min";
    }
    return time.toMinutes() > 0
        ? time.toMinutes() + " min " + time.toSecondsPart() + " s"
        : time.toSeconds() + " s";
  }
}
