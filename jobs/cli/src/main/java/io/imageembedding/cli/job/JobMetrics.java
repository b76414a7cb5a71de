// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.flink.EmbedMetrics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;

/**
 * Sums of a job's metrics over its tasks. Counters go on when tasks are restarted: what an ended
 * task counted stays counted, so images that are read again are counted again.
 */
final class JobMetrics implements MetricReporter {

  /** Of Flink's sources: messages that the brokers have and that are not read yet. */
  private static final String PENDING = "pendingRecords";

  /** Of Kafka's clients, in the group of a source's consumer. */
  private static final String CONNECTIONS = "connection-count";

  private static final String CONSUMER = "KafkaConsumer";

  private static final Set<String> COUNTERS =
      Set.of(EmbedMetrics.IMAGES_IN, EmbedMetrics.IMAGES_OUT, EmbedMetrics.IMAGES_REFUSED);

  private final Map<String, Set<Counter>> counters = new HashMap<>();
  private final Map<String, Long> ended = new HashMap<>();
  private final Map<String, Set<Gauge<?>>> gauges = new HashMap<>();

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  @Override
  public synchronized void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    if (metric instanceof Counter counter && COUNTERS.contains(name)) {
      counters.computeIfAbsent(name, any -> new HashSet<>()).add(counter);
    } else if (metric instanceof Gauge<?> gauge && isWatched(name, group)) {
      gauges.computeIfAbsent(name, any -> new HashSet<>()).add(gauge);
    }
  }

  private static boolean isWatched(String name, MetricGroup group) {
    return name.equals(PENDING)
        || name.equals(CONNECTIONS) && group.getMetricIdentifier(name).contains(CONSUMER);
  }

  @Override
  public synchronized void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
    if (metric instanceof Counter counter
        && counters.getOrDefault(name, Set.of()).remove(counter)) {
      ended.merge(name, counter.getCount(), Long::sum);
    } else if (metric instanceof Gauge<?> gauge) {
      gauges.getOrDefault(name, Set.of()).remove(gauge);
    }
  }

  long imagesIn() {
    return sum(EmbedMetrics.IMAGES_IN);
  }

  long imagesOut() {
    return sum(EmbedMetrics.IMAGES_OUT);
  }

  long imagesRefused() {
    return sum(EmbedMetrics.IMAGES_REFUSED);
  }

  /** Messages that are not read yet; empty as long as no source has said it. */
  OptionalLong lag() {
    return total(PENDING);
  }

  /** Connections of the sources to brokers; empty as long as there is no source. */
  OptionalLong connections() {
    return total(CONNECTIONS);
  }

  private synchronized long sum(String name) {
    return ended.getOrDefault(name, 0L)
        + counters.getOrDefault(name, Set.of()).stream().mapToLong(Counter::getCount).sum();
  }

  private synchronized OptionalLong total(String name) {
    Set<Gauge<?>> known = gauges.getOrDefault(name, Set.of());
    return known.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(known.stream().mapToLong(JobMetrics::value).sum());
  }

  private static long value(Gauge<?> gauge) {
    try {
      return gauge.getValue() instanceof Number number ? number.longValue() : 0;
    } catch (RuntimeException e) {
      // A gauge of a client that is being closed.
      return 0;
    }
  }
}
