// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils;
import org.apache.flink.runtime.metrics.MetricRegistry;
import org.apache.flink.runtime.metrics.groups.TaskManagerMetricGroup;
import org.apache.flink.runtime.metrics.groups.TaskMetricGroup;
import org.apache.flink.runtime.metrics.util.TestingMetricRegistry;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class BatchMetricsTest {
  private final Map<String, Metric> registered = new TreeMap<>();
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10);

  @Test
  void everyElementCountsTheTimeThatItWaited() {
    BatchMetrics metrics = new BatchMetrics(task(), clock::get);
    assertThat(queueMicros()).isZero();

    metrics.added(1, 10);
    pass(Duration.ofMillis(5));
    metrics.added(2, 30);
    pass(Duration.ofMillis(2));
    assertThat(gauge("elementsWaiting")).isEqualTo(2);
    assertThat(gauge("bytesWaiting")).isEqualTo(30L);
    assertThat(gauge("bytesInFlight")).isEqualTo(30L);
    assertThat(gauge("queueAgeMillis")).isEqualTo(7L);
    metrics.closed();
    assertThat(gauge("bytesInFlight")).isEqualTo(30L);
    metrics.answered();
    assertThat(gauge("bytesInFlight")).isEqualTo(0L);
    assertThat(queueMicros()).isEqualTo(7000 + 2000);
    assertThat(gauge("elementsWaiting")).isEqualTo(0);
    assertThat(gauge("bytesWaiting")).isEqualTo(0L);
    assertThat(gauge("queueAgeMillis")).isEqualTo(0L);

    pass(Duration.ofSeconds(1));
    metrics.added(1, 10);
    pass(Duration.ofMillis(1));
    metrics.closed();
    assertThat(queueMicros()).isEqualTo(7000 + 2000 + 1000);
  }

  @Test
  void whatAMicroBatcherHasNotYetGivenAwayWaits() throws Exception {
    MicroBatcher<Integer> batcher =
        new MicroBatcher<>(
            new BatchPolicy(3, 1000, Duration.ofMillis(100)),
            element -> element,
            IntSerializer.INSTANCE);
    try (var harness =
        new OneInputStreamOperatorTestHarness<Integer, MicroBatch<Integer>>(
            batcher, new MockEnvironmentBuilder().setMetricGroup(task()).build())) {
      harness.open();
      for (int i = 1; i <= 5; i++) {
        harness.processElement(new StreamRecord<>(i));
      }
      assertThat(gauge("elementsWaiting")).isEqualTo(2);
      assertThat(gauge("bytesWaiting")).isEqualTo(9L);
      harness.prepareSnapshotPreBarrier(1);
      assertThat(gauge("elementsWaiting")).isEqualTo(0);
    }
  }

  private TaskMetricGroup task() {
    MetricRegistry registry =
        TestingMetricRegistry.builder()
            .setRegisterConsumer((metric, name, group) -> registered.put(name, metric))
            .build();
    return TaskManagerMetricGroup.createTaskManagerMetricGroup(
            registry, "localhost", new ResourceID("task manager"))
        .addJob(new JobID(), "job")
        .addTask(ExecutionGraphTestUtils.createExecutionAttemptId(), "task");
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  private long queueMicros() {
    return ((Counter) registered.get("queueMicros")).getCount();
  }

  private Object gauge(String name) {
    return ((Gauge<?>) registered.get(name)).getValue();
  }
}
