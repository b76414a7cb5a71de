// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitSerializer;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Writes the connector's bytes and behind them the latest timestamp. Version 0 is the connector's,
 * without one. The connector reads both: it stops where its bytes end.
 */
final class OrderedSplitSerializer implements SimpleVersionedSerializer<KafkaPartitionSplit> {
  private static final int CONNECTORS = 0;
  private static final int VERSION = 1;

  private final KafkaPartitionSplitSerializer connectors = new KafkaPartitionSplitSerializer();

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(KafkaPartitionSplit split) throws IOException {
    byte[] bytes = connectors.serialize(split);
    return ByteBuffer.wrap(Arrays.copyOf(bytes, bytes.length + Long.BYTES))
        .putLong(bytes.length, OrderedSplit.latestTimestamp(split))
        .array();
  }

  @Override
  public KafkaPartitionSplit deserialize(int version, byte[] bytes) throws IOException {
    return switch (version) {
      case CONNECTORS ->
          new OrderedSplit(connectors.deserialize(version, bytes), SourcePosition.NO_TIMESTAMP);
      case VERSION ->
          new OrderedSplit(
              connectors.deserialize(CONNECTORS, bytes),
              ByteBuffer.wrap(bytes).getLong(bytes.length - Long.BYTES));
      default -> throw new IOException("a split of version " + version + " is of a newer job");
    };
  }
}
