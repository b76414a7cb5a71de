// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a soak measures again and again, and by how much it may grow from the first quarter of the
 * run, in which everything gets warm, to the end.
 */
enum SoakSeries {
  TRANSACTIONAL_IDS("transactional ids of the job on the broker", 1, 4, 2L * Soak.PARALLELISM * 3),
  OPEN_TRANSACTIONS("open transactions", 1, 4, 2L * Soak.PARALLELISM * 2),
  BROKER_HEAP("heap of the broker after a collection, MB", 1 << 20, 32, 512),
  BROKER_RESIDENT("resident memory of the broker, MB", 1 << 20, 160, 1536),
  RESIDENT("resident memory of the TaskManager, MB", 1 << 20, 128, 2048),
  METASPACE("metaspace of the TaskManager, MB", 1 << 20, 12, 256),
  THREADS("threads of the TaskManager", 1, 24, 400),
  OPEN_FILES("open files of the TaskManager", 1, 48, 1200);

  private static final int MOST_POINTS = 400;

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
   * @param grewBy over the last three quarters of the time, by the line that fits best
   * @param median of these three quarters
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
    double end = points.get(points.size() - 1).seconds();
    List<Point> warm =
        points.stream().filter(point -> point.seconds() >= begin + (end - begin) / 4).toList();
    double highest = points.stream().mapToDouble(Point::value).max().orElseThrow();
    return new Finding(
        this,
        slope(thinned(warm)) * (end - begin) * 3 / 4,
        median(new ArrayList<>(warm.stream().map(Point::value).toList())),
        highest);
  }

  private static List<Point> thinned(List<Point> points) {
    int step = 1 + points.size() / MOST_POINTS;
    List<Point> some = new ArrayList<>();
    for (int i = 0; i < points.size(); i += step) {
      some.add(points.get(i));
    }
    return some;
  }

  /** Theil's and Sen's: the median of the slopes of all pairs, which single peaks do not move. */
  private static double slope(List<Point> points) {
    List<Double> slopes = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      for (int j = i + 1; j < points.size(); j++) {
        double time = points.get(j).seconds() - points.get(i).seconds();
        if (time > 0) {
          slopes.add((points.get(j).value() - points.get(i).value()) / time);
        }
      }
    }
    return slopes.isEmpty() ? 0 : median(slopes);
  }

  private static double median(List<Double> values) {
    Collections.sort(values);
    return values.get(values.size() / 2);
  }
}
