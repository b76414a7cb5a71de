// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import java.util.Random;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitSerializer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class OrderedSplitTest {
  private static final TopicPartition PARTITION = new TopicPartition("bilder-ä", 3);

  private final OrderedSplitSerializer serializer = new OrderedSplitSerializer();

  @Test
  void timestampsNeverGoBackWithinAPartition() {
    OrderedSplit.State state = new OrderedSplit.State(new KafkaPartitionSplit(PARTITION, 0));

    assertThat(state.ordered(SourcePosition.NO_TIMESTAMP)).isEqualTo(SourcePosition.NO_TIMESTAMP);
    assertThat(state.ordered(100)).isEqualTo(100);
    assertThat(state.ordered(50)).isEqualTo(100);
    assertThat(state.ordered(SourcePosition.NO_TIMESTAMP)).isEqualTo(100);
    assertThat(state.ordered(101)).isEqualTo(101);
  }

  @Test
  void whatIsReadAgainAfterAnyCheckpointHasTheTimestampThatItHad() throws IOException {
    Random random = new Random(1);
    for (int round = 0; round < 100; round++) {
      long[] clocks = random.longs(20, -1, 30).toArray();
      long[] first = new long[clocks.length];
      OrderedSplit.State state = new OrderedSplit.State(new KafkaPartitionSplit(PARTITION, 0, 20));
      int checkpointed = random.nextInt(clocks.length);
      byte[] checkpoint = null;
      for (int i = 0; i < clocks.length; i++) {
        if (i == checkpointed) {
          state.setCurrentOffset(i);
          checkpoint = serializer.serialize(state.toKafkaPartitionSplit());
        }
        first[i] = state.ordered(clocks[i]);
      }
      KafkaPartitionSplit restored = serializer.deserialize(serializer.getVersion(), checkpoint);
      assertThat(restored.getStartingOffset()).isEqualTo(checkpointed);
      assertThat(restored.getStoppingOffset()).contains(20L);
      OrderedSplit.State again = new OrderedSplit.State(restored);
      for (int i = checkpointed; i < clocks.length; i++) {
        assertThat(again.ordered(clocks[i])).isEqualTo(first[i]);
      }
    }
  }

  @Test
  void stateOfTheConnectorIsRead() throws IOException {
    KafkaPartitionSplitSerializer connectors = new KafkaPartitionSplitSerializer();
    KafkaPartitionSplit split = new KafkaPartitionSplit(PARTITION, 17, 99);
    KafkaPartitionSplit restored =
        serializer.deserialize(connectors.getVersion(), connectors.serialize(split));

    assertThat(restored).isEqualTo(split);
    assertThat(OrderedSplit.latestTimestamp(restored)).isEqualTo(SourcePosition.NO_TIMESTAMP);
    assertThat(
            connectors.deserialize(
                serializer.getVersion(), serializer.serialize(new OrderedSplit(split, 1234))))
        .isEqualTo(split);
    assertThatThrownBy(() -> serializer.deserialize(2, new byte[100]))
        .hasMessageContaining("newer job");
  }
}
