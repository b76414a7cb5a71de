// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.util.Comparator;
import java.util.List;

/**
 * What a soak measures again and again, and by how much it may grow from the second quarter of the
 * run to the last; in the first everything gets warm.
 */
enum SoakSeries {
  /**
   * Of each sink and subtask: one in use, one of the last complete checkpoint, and one for each
   * checkpoint that fails in a row. Brokers keep them for days, so that those of the worst moment
   * stay.
   */
  TRANSACTIONAL_IDS(
      "transactional ids of the job on the broker",
      1,
      Soak.WRITERS * Soak.FAILED_IN_A_ROW,
      Soak.WRITERS * (2 + Soak.FAILED_IN_A_ROW)),
  OPEN_TRANSACTIONS("open transactions", 1, 4, Soak.WRITERS * 3),
  BROKER_HEAP("heap of the broker after a collection, MB", 1 << 20, 32, 512),
  BROKER_RESIDENT("resident memory of the broker, MB", 1 << 20, 160, 1536),
  RESIDENT("resident memory of the TaskManager, MB", 1 << 20, 96, 2048),
  METASPACE("metaspace of the TaskManager, MB", 1 << 20, 12, 256),
  THREADS("threads of the TaskManager", 1, 24, 400),
  OPEN_FILES("open files of the TaskManager", 1, 48, 1200);

  private final String title;
  private final int unit;
  private final long mayGrowBy;
  private final long most;

  SoakSeries(String title, int unit, long mayGrowBy, long most) {
    this.title = title;
    this.unit = unit;
    this.mayGrowBy = mayGrowBy;
    this.most = most;
  }

  String title() {
    return title;
  }

  /** What one measured is in the units of the title. */
  double inUnits(long measured) {
    return measured / (double) unit;
  }

  /** A value at a time in seconds. */
  record Point(double seconds, double value) {}

  /**
   * @param grewBy the median of the last quarter of the time less that of the second
   * @param median of all but the first quarter
   * @param highest of all
   */
  record Finding(SoakSeries series, double grewBy, double median, double highest) {

    boolean holds() {
      return grewBy <= series.mayGrowBy && highest <= series.most;
    }

    String line() {
      return "%s: median %.0f, highest %.0f (limit %d), grew by %.1f (limit %d)%s"
          .formatted(
              series.title,
              median,
              highest,
              series.most,
              grewBy,
              series.mayGrowBy,
              holds() ? "" : "  TOO MUCH");
    }
  }

  /** Judges values in the units of the title, in the order of their times. */
  Finding judge(List<Point> points) {
    if (points.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured: " + title);
    }
    double begin = points.get(0).seconds();
    double quarter = (points.get(points.size() - 1).seconds() - begin) / 4;
    return new Finding(
        this,
        median(points, begin + 3 * quarter, begin + 4 * quarter)
            - median(points, begin + quarter, begin + 2 * quarter),
        median(points, begin + quarter, begin + 4 * quarter),
        points.stream().mapToDouble(Point::value).max().orElseThrow());
  }

  /** Of the values of a time, which single peaks do not move; where there are none, the nearest. */
  private static double median(List<Point> points, double from, double to) {
    List<Double> values =
        points.stream()
            .filter(point -> point.seconds() >= from && point.seconds() <= to)
            .map(Point::value)
            .sorted()
            .toList();
    if (values.isEmpty()) {
      return points.stream()
          .min(Comparator.comparingDouble(point -> Math.abs(point.seconds() - (from + to) / 2)))
          .orElseThrow()
          .value();
    }
    return values.get(values.size() / 2);
  }
}
