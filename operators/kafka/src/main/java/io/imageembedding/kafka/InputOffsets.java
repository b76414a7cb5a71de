// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.Collection;
import java.util.Map;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The offsets that reading begins at, as numbers: so what is gone before it is read can be told, in
 * a job that has not read anything yet, too.
 */
final class InputOffsets implements OffsetsInitializer {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(InputOffsets.class);

  private final InputSettings settings;

  InputOffsets(InputSettings settings) {
    this.settings = settings;
  }

  @Override
  public Map<TopicPartition, Long> getPartitionOffsets(
      Collection<TopicPartition> partitions, PartitionOffsetsRetriever brokers) {
    InputStart start = InputStart.of(settings, partitions, brokers);
    LOG.info("{} (partition: offset {})", start.describe(), start.details());
    return start.offsets();
  }

  // The connector still takes the deprecated enum of the Kafka client.
  @SuppressWarnings("deprecation")
  @Override
  public OffsetResetStrategy getAutoOffsetResetStrategy() {
    return OffsetResetStrategy.NONE;
  }
}
