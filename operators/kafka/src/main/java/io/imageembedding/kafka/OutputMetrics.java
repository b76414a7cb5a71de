// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * Metrics of the answers, in the group {@value #GROUP} of each subtask that makes them: {@code
 * encode} has those of dead letters, {@code send} those of all others. The histogram holds the last
 * {@value #WINDOW} values.
 */
@PublicEvolving
public final class OutputMetrics {

  /** Group that all the others are in. */
  public static final String GROUP = "kafkaOutput";

  /** Counter: messages that have their answers. */
  public static final String ANSWERS = "answers";

  /** Counter: microseconds of making the answers, in sum. */
  public static final String ENCODE_SUM = "encodeMicros";

  /**
   * Histogram: milliseconds from the message's timestamp to its answer, which readers of committed
   * messages see with the next checkpoint. Messages without a timestamp are left out; one of a
   * clock that is ahead counts as 0.
   */
  public static final String LATENCY = "latencyMillis";

  /** Counter: the sum of {@link #LATENCY}. */
  public static final String LATENCY_SUM = "latencySumMillis";

  private static final int WINDOW = 1000;

  private final Counter answers;
  private final Counter encodeSum;
  private final Histogram latency;
  private final Counter latencySum;

  OutputMetrics(MetricGroup parent) {
    MetricGroup group = parent.addGroup(GROUP);
    answers = group.counter(ANSWERS);
    encodeSum = group.counter(ENCODE_SUM);
    latency = group.histogram(LATENCY, new DescriptiveStatisticsHistogram(WINDOW));
    latencySum = group.counter(LATENCY_SUM);
  }

  /** Work on an answer, which need not be the last. */
  void encoded(long nanos) {
    encodeSum.inc(nanos / 1000);
  }

  void answered(KafkaMessage message) {
    answers.inc();
    if (message.source().timestamp() >= 0) {
      long millis = Math.max(0, System.currentTimeMillis() - message.source().timestamp());
      latency.update(millis);
      latencySum.inc(millis);
    }
  }
}
