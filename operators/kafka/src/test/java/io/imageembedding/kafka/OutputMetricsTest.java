// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.metrics.groups.GenericMetricGroup;
import org.apache.flink.runtime.metrics.util.TestingMetricRegistry;
import org.junit.jupiter.api.Test;

class OutputMetricsTest {
  private final Map<String, Metric> registered = new TreeMap<>();
  private final OutputMetrics metrics =
      new OutputMetrics(
          new GenericMetricGroup(
              TestingMetricRegistry.builder()
                  .setRegisterConsumer((metric, name, group) -> registered.put(name, metric))
                  .build(),
              null,
              "task"));

  @Test
  void anAnswerIsAsOldAsItsMessageAndNoClockMakesItYoungerThanNothing() {
    long now = System.currentTimeMillis();
    metrics.answered(message(now - Duration.ofHours(1).toMillis()));
    metrics.answered(message(now + Duration.ofHours(1).toMillis()));
    metrics.answered(message(-1));
    metrics.encoded(Duration.ofMillis(3).toNanos());
    metrics.encoded(Duration.ofMillis(4).toNanos());

    assertThat(count("answers")).isEqualTo(3);
    assertThat(count("encodeMicros")).isEqualTo(7000);
    assertThat(count("latencySumMillis")).isBetween(3_600_000L, 3_660_000L);
    Histogram latency = (Histogram) registered.get("latencyMillis");
    assertThat(latency.getCount()).isEqualTo(2);
    assertThat(latency.getStatistics().getMin()).isZero();
  }

  private long count(String name) {
    return ((Counter) registered.get(name)).getCount();
  }

  private static KafkaMessage message(long timestamp) {
    return new KafkaMessage(null, new byte[0], List.of(), "images", 0, 0, timestamp);
  }
}
