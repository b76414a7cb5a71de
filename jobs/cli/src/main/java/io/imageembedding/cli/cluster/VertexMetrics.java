// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.cli.figures.Count;
import io.imageembedding.cli.figures.Reading;
import io.imageembedding.cli.figures.Series;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The metrics of all subtasks, each by itself: of sums over subtasks nobody can tell that one of
 * them has begun anew.
 */
final class VertexMetrics {

  /** Of the line that asks, of which Flink takes 4096 bytes. */
  private static final int MAX_ASKED = 3000;

  private static final int MAX_NAME = 500;
  private static final Pattern IDENTIFIER = Pattern.compile("(\\d{1,5})\\.([^,]+)");
  private static final Pattern LAG = Pattern.compile("(?:.*\\.)?" + Reading.PENDING);

  private final FlinkRest rest;
  private final Map<Series, Long> counters = new HashMap<>();
  private final Map<Integer, Long> lag = new HashMap<>();

  VertexMetrics(FlinkRest rest) {
    this.rest = rest;
  }

  /**
   * Adds those of one vertex.
   *
   * @param parallelism of it
   */
  void read(String vertex, int parallelism) throws RestFailure, InterruptedException {
    List<String> names = new ArrayList<>();
    for (JsonNode metric : rest.get(vertex + "/subtasks/metrics")) {
      String name = metric.path("id").asText();
      if (isOurs(name)) {
        names.add(name);
      }
    }
    StringBuilder asked = new StringBuilder();
    for (int subtask = 0; subtask < parallelism && !names.isEmpty(); subtask++) {
      for (String name : names) {
        String id = URLEncoder.encode(subtask + "." + name, StandardCharsets.UTF_8);
        if (asked.length() + id.length() > MAX_ASKED) {
          readValues(vertex, asked);
          asked.setLength(0);
        }
        asked.append(asked.isEmpty() ? "" : ",").append(id);
      }
    }
    if (!asked.isEmpty()) {
      readValues(vertex, asked);
    }
  }

  private static boolean isOurs(String name) {
    return name.length() < MAX_NAME
        && name.indexOf(',') < 0
        && (LAG.matcher(name).matches() || Count.series(name, 0).isPresent());
  }

  private void readValues(String vertex, CharSequence asked)
      throws RestFailure, InterruptedException {
    for (JsonNode metric : rest.get(vertex + "/metrics?get=" + asked)) {
      Matcher matcher = IDENTIFIER.matcher(metric.path("id").asText());
      Optional<Long> value = number(metric);
      if (!matcher.matches() || value.isEmpty()) {
        continue;
      }
      int subtask = Integer.parseInt(matcher.group(1));
      if (LAG.matcher(matcher.group(2)).matches()) {
        lag.merge(subtask, value.get(), Long::sum);
      } else {
        Count.series(matcher.group(2), subtask)
            .ifPresent(series -> counters.merge(series, value.get(), Long::sum));
      }
    }
  }

  /** The value of a metric, if it is a number that a counter may have. */
  static Optional<Long> number(JsonNode metric) {
    try {
      double value = Double.parseDouble(metric.path("value").asText());
      return value >= 0 && value <= 1e15 ? Optional.of((long) value) : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  Reading reading(long era, long millis) {
    return new Reading(era, millis, counters, lag);
  }
}
