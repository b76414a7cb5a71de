// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.sizing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.autoscaler.JobAutoScalerContext;
import org.apache.flink.autoscaler.JobVertexScaler;
import org.apache.flink.autoscaler.config.AutoScalerOptions;
import org.apache.flink.autoscaler.event.LoggingEventHandler;
import org.apache.flink.autoscaler.metrics.EvaluatedScalingMetric;
import org.apache.flink.autoscaler.metrics.ScalingMetric;
import org.apache.flink.autoscaler.utils.AutoScalerUtils;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobVertexID;

/**
 * A day of a job that the Kubernetes operator's autoscaler scales, second by second. What capacity
 * is wanted and which parallelism gives it are the autoscaler's own functions; when they are asked
 * is as in its {@code ScalingMetricEvaluator} and {@code ScalingExecutor}: once a minute, after a
 * change not before its stabilisation and a whole window of metrics, and with a change only where
 * the utilisation leaves its bounds.
 *
 * <p>The load of the second day counts, so that it does not matter how many slots the first began
 * with: low at night, high in the afternoon, with noise of a tenth and two peaks of ten minutes.
 */
final class AutoscalerDay extends JobVertexScaler<String, JobAutoScalerContext<String>> {
  private static final int MINUTE = 60;
  private static final int DAY = 24 * 60 * MINUTE;
  private static final double NOISE = 0.1;

  /** Images a second at the highest point of the curve, and how much a peak adds to it. */
  static final double HIGHEST = 700;

  private static final double LOWEST = 0.2;
  private static final double PEAK = 0.5;
  private static final int[] PEAK_HOURS = {9, 20};
  private static final int PEAK_SECONDS = 10 * MINUTE;

  private static final JobVertexID VERTEX = new JobVertexID(1, 1);

  private final Configuration settings;
  private final JobAutoScalerContext<String> context;
  private final int partitions;
  private final double imagesPerSlot;
  private final int restartSeconds;

  /** Per minute of the window: images that came, images that waited. */
  private final Deque<double[]> window = new ArrayDeque<>();

  private int parallelism;
  private double waiting;
  private int restartEnds;
  private int changed;
  private int scaledUp = -2 * DAY;

  /**
   * What the day cost and how it went.
   *
   * @param slotHours of slots that were held
   * @param changes of the parallelism
   * @param longestDelay of an image, until it was read
   * @param lateShare part of the images that waited for longer than a minute
   */
  record Outcome(double slotHours, int changes, Duration longestDelay, double lateShare) {}

  /**
   * @param settings of the autoscaler
   * @param imagesPerSlot a second
   * @param restart how long no image is read after a change
   */
  AutoscalerDay(Configuration settings, int partitions, double imagesPerSlot, Duration restart) {
    super(new LoggingEventHandler<>());
    this.settings = settings;
    this.partitions = partitions;
    this.imagesPerSlot = imagesPerSlot;
    this.restartSeconds = (int) restart.toSeconds();
    context = new JobAutoScalerContext<>("job", null, null, settings, null, null);
    parallelism = partitions;
  }

  Outcome run() {
    Random random = new Random(1);
    double slotSeconds = 0;
    double delay = 0;
    double all = 0;
    double late = 0;
    int changes = 0;
    double came = 0;
    for (int second = 0; second < 2 * DAY; second++) {
      double arriving = load(second % DAY) * (1 + NOISE * (2 * random.nextDouble() - 1));
      double capacity = second < restartEnds ? 0 : capacity(parallelism);
      came += arriving;
      waiting = Math.max(0, waiting + arriving - capacity);
      if (second >= DAY) {
        slotSeconds += parallelism;
        // Those that come now are read once those in front of them are.
        double here = Math.max(0, restartEnds - second) + waiting / capacity(parallelism);
        delay = Math.max(delay, here);
        all += arriving;
        late += here > MINUTE ? arriving : 0;
      }
      if (second % MINUTE == MINUTE - 1) {
        int before = parallelism;
        minute(second, came / MINUTE);
        came = 0;
        changes += second >= DAY && parallelism != before ? 1 : 0;
      }
    }
    return new Outcome(
        slotSeconds / 3600, changes, Duration.ofSeconds(Math.round(delay)), late / all);
  }

  static double load(int secondOfDay) {
    double curve =
        (1 + LOWEST) / 2
            - (1 - LOWEST) / 2 * Math.cos(2 * Math.PI * (secondOfDay - 2 * 3600) / DAY);
    double load = HIGHEST * curve;
    for (int hour : PEAK_HOURS) {
      int since = secondOfDay - hour * 3600;
      if (since >= 0 && since < PEAK_SECONDS) {
        load += HIGHEST * PEAK;
      }
    }
    return load;
  }

  /**
   * Each slot reads whole partitions, which get the same; the one with most of them is the last.
   */
  private double capacity(int slots) {
    double most = Math.ceil((double) partitions / slots);
    return imagesPerSlot * partitions / most;
  }

  private void minute(int second, double rate) {
    Duration stabilisation = settings.get(AutoScalerOptions.STABILIZATION_INTERVAL);
    if (second < restartEnds || second - changed < stabilisation.toSeconds()) {
      return;
    }
    long minutes = settings.get(AutoScalerOptions.METRICS_WINDOW).toMinutes();
    window.addLast(new double[] {rate, waiting});
    if (window.size() < minutes) {
      return;
    }
    int next = decide(second);
    window.removeFirst();
    if (next != parallelism) {
      scaledUp = next > parallelism ? second : scaledUp;
      parallelism = next;
      restartEnds = second + restartSeconds;
      changed = second;
      window.clear();
    }
  }

  private int decide(int second) {
    double rate = window.stream().mapToDouble(each -> each[0]).average().orElseThrow();
    double lag = window.stream().mapToDouble(each -> each[1]).average().orElseThrow();
    double capacity = capacity(parallelism);
    long catchUp = settings.get(AutoScalerOptions.CATCH_UP_DURATION).toSeconds();
    Map<ScalingMetric, EvaluatedScalingMetric> metrics = new EnumMap<>(ScalingMetric.class);
    metrics.put(ScalingMetric.TARGET_DATA_RATE, EvaluatedScalingMetric.avg(rate));
    metrics.put(
        ScalingMetric.CATCH_UP_DATA_RATE,
        EvaluatedScalingMetric.of(catchUp == 0 ? 0 : lag / catchUp));
    Duration restart = settings.get(AutoScalerOptions.RESTART_TIME);
    double target = settings.get(AutoScalerOptions.TARGET_UTILIZATION);
    double boundary = settings.get(AutoScalerOptions.TARGET_UTILIZATION_BOUNDARY);
    boolean backlog =
        lag / rate > settings.get(AutoScalerOptions.BACKLOG_PROCESSING_LAG_THRESHOLD).toSeconds();
    double least = wanted(metrics, backlog ? 1 : target + boundary, false, restart);
    double most =
        backlog
            ? Double.POSITIVE_INFINITY
            : wanted(metrics, Math.max(0, target - boundary), true, restart);
    if (capacity >= least && capacity <= most) {
      return parallelism;
    }
    double factor = wanted(metrics, target, true, restart) / capacity;
    factor =
        Math.max(
            1 - settings.get(AutoScalerOptions.MAX_SCALE_DOWN_FACTOR),
            Math.min(factor, 1 + settings.get(AutoScalerOptions.MAX_SCALE_UP_FACTOR)));
    int next =
        scale(
            VERTEX,
            parallelism,
            List.of(),
            partitions,
            partitions,
            factor,
            Math.min(parallelism, settings.get(AutoScalerOptions.VERTEX_MIN_PARALLELISM)),
            Math.max(parallelism, settings.get(AutoScalerOptions.VERTEX_MAX_PARALLELISM)),
            new LoggingEventHandler<>(),
            context);
    boolean held =
        second - scaledUp < settings.get(AutoScalerOptions.SCALE_DOWN_INTERVAL).toSeconds();
    return next < parallelism && held ? parallelism : next;
  }

  private double wanted(
      Map<ScalingMetric, EvaluatedScalingMetric> metrics,
      double utilisation,
      boolean withRestart,
      Duration restart) {
    return AutoScalerUtils.getTargetProcessingCapacity(
        metrics, settings, utilisation, withRestart, restart);
  }
}
