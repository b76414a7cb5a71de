// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** Metrics of the input, in the group {@value #GROUP} of each subtask that reads. */
@PublicEvolving
public final class InputMetrics {

  /** Group that all the others are in. */
  public static final String GROUP = "kafkaInput";

  /** Counter: messages that were gone before they could be read, and were gone on without. */
  public static final String MESSAGES_SKIPPED = "messagesSkipped";

  /**
   * Counter: messages that are answered again, because the restored state is older than what the
   * consumer group has committed.
   */
  public static final String MESSAGES_REPEATED = "messagesRepeated";

  private final Connector connector;
  private final Counter skipped;
  private final Counter repeated;

  InputMetrics(SourceReaderMetricGroup parent) {
    connector = new Connector(parent);
    MetricGroup group = parent.addGroup(GROUP);
    skipped = group.counter(MESSAGES_SKIPPED);
    repeated = group.counter(MESSAGES_REPEATED);
  }

  void skipped(long messages) {
    skipped.inc(messages);
  }

  void repeated(long messages) {
    repeated.inc(messages);
  }

  /** Those of the connector. */
  KafkaSourceReaderMetrics connector() {
    return connector;
  }

  /** The consumer that was registered last. */
  KafkaConsumer<?, ?> consumer() {
    return connector.consumer;
  }

  /** The connector shows its consumer to its metrics and to nobody else. */
  private static final class Connector extends KafkaSourceReaderMetrics {
    private volatile KafkaConsumer<?, ?> consumer;

    Connector(SourceReaderMetricGroup group) {
      super(group);
    }

    @Override
    public void registerNumBytesIn(KafkaConsumer<?, ?> registered) {
      consumer = registered;
      super.registerNumBytesIn(registered);
    }
  }
}
