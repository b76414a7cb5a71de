// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Keeps the counters of the jobs of this process, those that have ended, too. */
public final class TestingMetrics implements MetricReporter, MetricReporterFactory {
  private static final Map<String, Set<Counter>> COUNTERS = new ConcurrentHashMap<>();

  /** Options of a job whose counters are to be kept. */
  public static Map<String, String> options() {
    return Map.of(
        "metrics.reporters",
        "testing",
        "metrics.reporter.testing.factory.class",
        TestingMetrics.class.getName());
  }

  /**
   * Sum over all subtasks, all attempts and all runs of a job of that name; of each counter once.
   */
  public static long counted(String job, String metric) {
    return COUNTERS.getOrDefault(job + " " + metric, Set.of()).stream()
        .mapToLong(Counter::getCount)
        .sum();
  }

  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return this;
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  @Override
  public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    if (metric instanceof Counter counter) {
      COUNTERS
          .computeIfAbsent(
              group.getAllVariables().get("<job_name>") + " " + name,
              key -> ConcurrentHashMap.newKeySet())
          .add(counter);
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {}
}
