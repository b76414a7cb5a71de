// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.flink.annotation.Internal;

/**
 * Makes figures of readings: totals that go on when a counter begins anew with a restarted subtask,
 * so images that are read again are counted again, and what happens in a second, of the last
 * {@value #MILLIS} ms or, where readings are further apart, of the last two.
 */
@Internal
public final class FigureWindow {

  /** So long that a number can be read, and less than the 10 s between two fetches of Flink's. */
  static final long MILLIS = 9_000;

  private record Sample(long millis, Map<Series, Long> totals) {}

  private static final Sample NOTHING = new Sample(0, Map.of());

  private final Map<Series, Long> last = new HashMap<>();
  private final Map<Series, Long> totals = new HashMap<>();
  private final Deque<Sample> samples = new ArrayDeque<>();
  private Reading newest;

  /** What is known with this reading; one of the same time as that before brings nothing new. */
  public synchronized JobFigures update(Reading reading) {
    if (!reading.counters().isEmpty() && (newest == null || !reading.isOfTimeOf(newest))) {
      add(reading);
      newest = reading;
    }
    SortedMap<Integer, Figures> subtasks = new TreeMap<>();
    TreeSet<Integer> known = new TreeSet<>(reading.lag().keySet());
    reading.counters().keySet().forEach(series -> known.add(series.subtask()));
    for (int subtask : known) {
      subtasks.put(
          subtask, figures(series -> series.subtask() == subtask, reading.lag().get(subtask)));
    }
    Long lag =
        reading.lag().isEmpty()
            ? null
            : reading.lag().values().stream().mapToLong(Long::longValue).sum();
    return new JobFigures(figures(series -> true, lag), subtasks);
  }

  private void add(Reading reading) {
    reading
        .counters()
        .forEach(
            (series, value) -> {
              long before = last.getOrDefault(series, 0L);
              totals.merge(series, value >= before ? value - before : value, Long::sum);
              last.put(series, value);
            });
    if (newest != null && reading.isBehind(newest)) {
      samples.clear();
    }
    samples.addLast(new Sample(reading.millis(), new HashMap<>(totals)));
    while (samples.size() > 2 && reading.millis() - second().millis() >= MILLIS) {
      samples.removeFirst();
    }
  }

  private Sample second() {
    return samples.stream().skip(1).findFirst().orElseThrow();
  }

  private Figures figures(Predicate<Series> scope, Long lag) {
    Sample from = samples.isEmpty() ? NOTHING : samples.getFirst();
    Sample to = samples.isEmpty() ? NOTHING : samples.getLast();
    Map<Count, Long> sums = new EnumMap<>(Count.class);
    Map<Count, Long> change = new EnumMap<>(Count.class);
    to.totals()
        .forEach(
            (series, total) -> {
              if (scope.test(series)) {
                sums.merge(series.count(), total, Long::sum);
                // Of a series that was not there before nobody knows when it was counted.
                long before = from.totals().getOrDefault(series, total);
                change.merge(series.count(), total - before, Long::sum);
              }
            });
    double seconds = (to.millis() - from.millis()) / 1000.0;
    long images = change.getOrDefault(Count.IMAGES_IN, 0L);
    Map<Stage, Double> millis = new EnumMap<>(Stage.class);
    for (Stage stage : Stage.values()) {
      if (images > 0 && sums.getOrDefault(stage.micros(), 0L) > 0) {
        millis.put(stage, ratio(change, stage.micros(), images) / 1000);
      }
    }
    return new Figures(
        sums.getOrDefault(Count.IMAGES_IN, 0L),
        sums.getOrDefault(Count.IMAGES_OUT, 0L),
        sums.getOrDefault(Count.IMAGES_REFUSED, 0L),
        byLabel(to, scope, Count.IMAGES_REFUSED),
        byLabel(to, scope, Count.STORE_REFUSED),
        ratio(change, Count.IMAGES_IN, seconds),
        ratio(change, Count.IMAGES_OUT, seconds),
        ratio(change, Count.IMAGES_REFUSED, seconds),
        lag,
        ratio(change, Count.IMAGES_IN, change.getOrDefault(Count.BATCHES, 0L)),
        millis,
        ratio(change, Count.LATENCY_MILLIS, change.getOrDefault(Count.ANSWERS, 0L)));
  }

  private static Double ratio(Map<Count, Long> change, Count count, double by) {
    return by > 0 ? change.getOrDefault(count, 0L) / by : null;
  }

  private static SortedMap<String, Long> byLabel(
      Sample sample, Predicate<Series> scope, Count count) {
    SortedMap<String, Long> sums = new TreeMap<>();
    sample
        .totals()
        .forEach(
            (series, total) -> {
              if (series.count() == count && total > 0 && scope.test(series)) {
                sums.merge(series.label(), total, Long::sum);
              }
            });
    return sums;
  }
}
