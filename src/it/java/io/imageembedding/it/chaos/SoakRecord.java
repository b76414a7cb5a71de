// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a soak measured, and what it did; also as a table in a file that grows with the run. */
final class SoakRecord {

  /** Harm that was done. */
  record Event(double seconds, String what) {}

  private final Map<SoakSeries, List<SoakSeries.Point>> points = new EnumMap<>(SoakSeries.class);
  private final List<Event> events = new ArrayList<>();
  private final Path csv;

  SoakRecord(Path csv) throws IOException {
    this.csv = csv;
    List<String> head = new ArrayList<>(List.of("seconds", "checkpoints", "answered"));
    for (SoakSeries series : SoakSeries.values()) {
      points.put(series, new ArrayList<>());
      head.add(series.name().toLowerCase(Locale.ROOT));
    }
    Files.writeString(csv, String.join(",", head) + "\n");
  }

  /** Adds a row; a series that could not be measured this time is left out. */
  void add(double seconds, long checkpoints, int answered, Map<SoakSeries, Long> measured)
      throws IOException {
    StringBuilder row = new StringBuilder("%.1f,%d,%d".formatted(seconds, checkpoints, answered));
    for (SoakSeries series : SoakSeries.values()) {
      Long value = measured.get(series);
      row.append(',');
      if (value != null) {
        double inUnits = series.inUnits(value);
        points.get(series).add(new SoakSeries.Point(seconds, inUnits));
        row.append("%.1f".formatted(inUnits));
      }
    }
    Files.writeString(csv, row.append('\n'), StandardOpenOption.APPEND);
  }

  void event(double seconds, String what) {
    events.add(new Event(seconds, what));
  }

  List<Event> events() {
    return List.copyOf(events);
  }

  List<SoakSeries.Point> points(SoakSeries series) {
    return List.copyOf(points.get(series));
  }

  List<SoakSeries.Finding> findings() {
    return points.entrySet().stream().map(each -> each.getKey().judge(each.getValue())).toList();
  }
}
