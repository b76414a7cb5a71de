// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.cli.figures.Count;
import io.imageembedding.cli.figures.Reading;
import io.imageembedding.cli.figures.Series;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.runtime.metrics.scope.ScopeFormat;

/**
 * A job's metrics, read in the process that it runs in. Counters go on when tasks are restarted:
 * what an ended task counted stays counted, so images that are read again are counted again.
 */
final class JobMetrics implements MetricReporter {

  /** Of Kafka's clients, in the group of a source's consumer. */
  private static final String CONNECTIONS = "connection-count";

  private static final String CONSUMER = "KafkaConsumer";

  private final Map<Series, Set<Counter>> counters = new HashMap<>();
  private final Map<Series, Long> ended = new HashMap<>();
  private final Map<Integer, Set<Gauge<?>>> lag = new HashMap<>();
  private final Set<Gauge<?>> connections = new HashSet<>();

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  @Override
  public synchronized void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    if (metric instanceof Counter counter) {
      series(name, group)
          .ifPresent(
              series -> counters.computeIfAbsent(series, any -> new HashSet<>()).add(counter));
    } else if (metric instanceof Gauge<?> gauge && name.equals(Reading.PENDING)) {
      lag.computeIfAbsent(subtask(group), any -> new HashSet<>()).add(gauge);
    } else if (metric instanceof Gauge<?> gauge
        && name.equals(CONNECTIONS)
        && group.getMetricIdentifier(name).contains(CONSUMER)) {
      connections.add(gauge);
    }
  }

  @Override
  public synchronized void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
    if (metric instanceof Counter counter) {
      series(name, group)
          .filter(series -> counters.getOrDefault(series, Set.of()).remove(counter))
          .ifPresent(series -> ended.merge(series, counter.getCount(), Long::sum));
    } else if (metric instanceof Gauge<?> gauge) {
      lag.values().forEach(known -> known.remove(gauge));
      lag.values().removeIf(Set::isEmpty);
      connections.remove(gauge);
    }
  }

  private static Optional<Series> series(String name, MetricGroup group) {
    return Count.series(group.getMetricIdentifier(name), subtask(group));
  }

  private static int subtask(MetricGroup group) {
    String index = group.getAllVariables().get(ScopeFormat.SCOPE_TASK_SUBTASK_INDEX);
    return index == null ? 0 : Integer.parseInt(index);
  }

  /** What is counted now. */
  synchronized Reading reading() {
    Map<Series, Long> counts = new HashMap<>(ended);
    counters.forEach(
        (series, known) ->
            counts.merge(series, known.stream().mapToLong(Counter::getCount).sum(), Long::sum));
    Map<Integer, Long> pending = new HashMap<>();
    lag.forEach((subtask, known) -> pending.put(subtask, sum(known)));
    return new Reading(0, System.nanoTime() / 1_000_000, counts, pending);
  }

  /** Connections of the sources to brokers; empty as long as there is no source. */
  synchronized OptionalLong connections() {
    return connections.isEmpty() ? OptionalLong.empty() : OptionalLong.of(sum(connections));
  }

  private static long sum(Set<Gauge<?>> gauges) {
    return gauges.stream().mapToLong(JobMetrics::value).sum();
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
