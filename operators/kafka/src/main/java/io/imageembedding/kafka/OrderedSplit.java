// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embedding.SourcePosition;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitState;

/**
 * A partition that is read, with the latest timestamp of what was read of it.
 *
 * <p>By that, timestamps of messages never go back within a partition ({@link
 * KafkaMessage#timestamp}), whatever the producers' clocks say, so one order holds for everything:
 * by timestamp, and within a partition by offset, which then say the same. The latest timestamp
 * stands in the checkpoint beside the offset that it belongs to, and moves with it to whichever
 * subtask reads the partition next; so a message that is read again has the timestamp that it had.
 */
final class OrderedSplit extends KafkaPartitionSplit {
  private final long latestTimestamp;

  /**
   * @param split where in the partition it goes on
   * @param latestTimestamp of the messages before; {@link SourcePosition#NO_TIMESTAMP} if none is
   *     known
   */
  OrderedSplit(KafkaPartitionSplit split, long latestTimestamp) {
    super(
        split.getTopicPartition(),
        split.getStartingOffset(),
        split.getStoppingOffset().orElse(NO_STOPPING_OFFSET));
    this.latestTimestamp = latestTimestamp;
  }

  long latestTimestamp() {
    return latestTimestamp;
  }

  /** The latest timestamp of what was read of any split. */
  static long latestTimestamp(KafkaPartitionSplit split) {
    return split instanceof OrderedSplit ordered
        ? ordered.latestTimestamp
        : SourcePosition.NO_TIMESTAMP;
  }

  /** What changes of it while it is read. */
  static final class State extends KafkaPartitionSplitState {
    private long latestTimestamp;

    State(KafkaPartitionSplit split) {
      super(split);
      latestTimestamp = OrderedSplit.latestTimestamp(split);
    }

    /**
     * The timestamp by which the next message is ordered: its own, or that of an earlier message
     * where that is later.
     */
    long ordered(long timestamp) {
      latestTimestamp = Math.max(latestTimestamp, timestamp);
      return latestTimestamp;
    }

    @Override
    public KafkaPartitionSplit toKafkaPartitionSplit() {
      return new OrderedSplit(super.toKafkaPartitionSplit(), latestTimestamp);
    }
  }
}
