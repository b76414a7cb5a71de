// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class LostOffsetsTest {

  @Test
  void anOffsetFromTheFirstToTheEndIsNotLost() {
    assertThat(lost(10, 10, 20).isEmpty()).isTrue();
    assertThat(lost(20, 10, 20).isEmpty()).isTrue();
    assertThat(lost(9, 10, 20).messages()).isEqualTo(1);
    assertThat(lost(21, 10, 20).isEmpty()).isFalse();
    assertThat(lost(21, 10, 20).messages()).isZero();
  }

  @Test
  void partitionsAreNamedWithBothOffsetsAndTheRestIsCounted() {
    Map<TopicPartition, Long> wanted = new HashMap<>();
    Map<TopicPartition, Long> first = new HashMap<>();
    Map<TopicPartition, Long> end = new HashMap<>();
    for (int i = 0; i < 7; i++) {
      TopicPartition partition = new TopicPartition("images", i);
      wanted.put(partition, (long) i);
      first.put(partition, 100L);
      end.put(partition, 200L);
    }

    assertThat(new LostOffsets().of(wanted, first, end).failure())
        .hasMessageStartingWith(
            "offsets of topic 'images' are gone, partition 0: 0 is wanted, but the first that is"
                + " left is 100; partition 1: 1 is wanted")
        .hasMessageContaining("; and of 2 more partitions; 679 messages were never read");
  }

  private static LostOffsets lost(long wanted, long first, long end) {
    TopicPartition partition = new TopicPartition("images", 0);
    return new LostOffsets()
        .of(Map.of(partition, wanted), Map.of(partition, first), Map.of(partition, end));
  }
}
