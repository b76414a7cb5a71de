// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class JobMetricsTest {
  private final JobMetrics metrics = new JobMetrics();
  private final MetricGroup group = new UnregisteredMetricsGroup();

  @Test
  void whatAnEndedTaskCountedStaysCounted() {
    Counter first = added("imagesIn", 5);
    added("imagesIn", 7);
    added("imagesRefused", 1);
    added("imagesRefused", 2);

    metrics.notifyOfRemovedMetric(first, "imagesIn", group);
    metrics.notifyOfRemovedMetric(first, "imagesIn", group);
    added("imagesIn", 100);

    assertThat(metrics.imagesIn()).isEqualTo(112);
    assertThat(metrics.imagesOut()).isZero();
    assertThat(metrics.imagesRefused()).isEqualTo(3);
  }

  @Test
  void lagIsTheSumOfTheSourcesThatAreThere() {
    assertThat(metrics.lag()).isEmpty();
    Gauge<Long> first = () -> 30L;
    Gauge<Long> failing =
        () -> {
          throw new IllegalStateException("closed");
        };
    metrics.notifyOfAddedMetric(first, "pendingRecords", group);
    metrics.notifyOfAddedMetric(failing, "pendingRecords", group);
    metrics.notifyOfAddedMetric((Gauge<Long>) () -> 12L, "pendingRecords", group);

    assertThat(metrics.lag()).hasValue(42);

    metrics.notifyOfRemovedMetric(first, "pendingRecords", group);

    assertThat(metrics.lag()).hasValue(12);
  }

  @Test
  void onlyConsumersSayWhetherBrokersAreThere() {
    metrics.notifyOfAddedMetric((Gauge<Double>) () -> 2.0, "connection-count", group);
    assertThat(metrics.connections()).isEmpty();

    metrics.notifyOfAddedMetric((Gauge<Double>) () -> 2.0, "connection-count", consumers());
    assertThat(metrics.connections()).hasValue(2);
  }

  private Counter added(String name, long count) {
    Counter counter = new SimpleCounter();
    counter.inc(count);
    metrics.notifyOfAddedMetric(counter, name, group);
    return counter;
  }

  private static MetricGroup consumers() {
    return new UnregisteredMetricsGroup() {
      @Override
      public String getMetricIdentifier(String metricName) {
        return "host.taskmanager.job.Source.0.KafkaSourceReader.KafkaConsumer." + metricName;
      }
    };
  }
}
