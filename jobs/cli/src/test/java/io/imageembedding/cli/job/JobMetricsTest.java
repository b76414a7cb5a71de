// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.figures.Count;
import io.imageembedding.cli.figures.Series;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class JobMetricsTest {
  private final JobMetrics metrics = new JobMetrics();
  private final MetricGroup group = group("imageEmbedding", 0);

  @Test
  void whatAnEndedTaskCountedStaysCounted() {
    Counter first = added("imagesIn", group, 5);
    added("imagesIn", group("imageEmbedding", 1), 7);
    added("imagesRefused", group("imageEmbedding.code.EMPTY", 0), 1);
    added("imagesRefused", group("imageEmbedding.code.CORRUPT", 1), 2);
    added("imagesIn", group("another", 0), 1000);

    metrics.notifyOfRemovedMetric(first, "imagesIn", group);
    metrics.notifyOfRemovedMetric(first, "imagesIn", group);
    added("imagesIn", group, 100);

    assertThat(metrics.reading().total(Count.IMAGES_IN)).isEqualTo(112);
    assertThat(metrics.reading().total(Count.IMAGES_OUT)).isZero();
    assertThat(metrics.reading().counters())
        .containsEntry(new Series(Count.IMAGES_IN, "", 0), 105L)
        .containsEntry(new Series(Count.IMAGES_REFUSED, "EMPTY", 0), 1L)
        .containsEntry(new Series(Count.IMAGES_REFUSED, "CORRUPT", 1), 2L);
  }

  @Test
  void lagIsTheSumOfTheSourcesThatAreThere() {
    assertThat(metrics.reading().lag()).isEmpty();
    Gauge<Long> first = () -> 30L;
    Gauge<Long> failing =
        () -> {
          throw new IllegalStateException("closed");
        };
    metrics.notifyOfAddedMetric(first, "pendingRecords", group);
    metrics.notifyOfAddedMetric(failing, "pendingRecords", group);
    metrics.notifyOfAddedMetric((Gauge<Long>) () -> 12L, "pendingRecords", group("source", 1));

    assertThat(metrics.reading().lag()).isEqualTo(Map.of(0, 30L, 1, 12L));

    metrics.notifyOfRemovedMetric(first, "pendingRecords", group);
    metrics.notifyOfRemovedMetric(failing, "pendingRecords", group);

    assertThat(metrics.reading().lag()).isEqualTo(Map.of(1, 12L));
  }

  @Test
  void onlyConsumersSayWhetherBrokersAreThere() {
    metrics.notifyOfAddedMetric((Gauge<Double>) () -> 2.0, "connection-count", group);
    assertThat(metrics.connections()).isEmpty();

    metrics.notifyOfAddedMetric(
        (Gauge<Double>) () -> 2.0, "connection-count", group("KafkaSourceReader.KafkaConsumer", 0));
    assertThat(metrics.connections()).hasValue(2);
  }

  private Counter added(String name, MetricGroup of, long count) {
    Counter counter = new SimpleCounter();
    counter.inc(count);
    metrics.notifyOfAddedMetric(counter, name, of);
    return counter;
  }

  private static MetricGroup group(String groups, int subtask) {
    return new UnregisteredMetricsGroup() {
      @Override
      public String getMetricIdentifier(String metricName) {
        return "host.taskmanager.job.operator." + subtask + "." + groups + "." + metricName;
      }

      @Override
      public Map<String, String> getAllVariables() {
        return Map.of("<subtask_index>", String.valueOf(subtask));
      }
    };
  }
}
