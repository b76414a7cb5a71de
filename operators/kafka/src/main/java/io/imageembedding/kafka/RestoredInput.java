// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitSerializer;
import org.apache.kafka.common.TopicPartition;

/** What a checkpoint or savepoint says of the input, read before a job is started with it. */
final class RestoredInput {

  /** As Flink's {@code SourceOperator} names them. */
  private static final String SPLITS = "SourceReaderState";

  private RestoredInput() {}

  /**
   * The offsets to go on from of the partitions that were not finished.
   *
   * @param path that Flink restores from
   * @param uid of the source
   * @return empty where the state cannot be read here; Flink says why, if it cannot either
   * @throws KafkaSetupException if they are of another topic than this
   */
  static Optional<Map<TopicPartition, Long>> offsets(String path, String uid, String topic) {
    return RestoredState.list(path, uid, SPLITS, new KafkaPartitionSplitSerializer())
        .map(
            splits -> {
              Map<TopicPartition, Long> offsets = new HashMap<>();
              for (KafkaPartitionSplit split : splits) {
                if (!split.getTopic().equals(topic)) {
                  throw new KafkaSetupException(otherTopic(path, split.getTopic(), topic));
                }
                offsets.put(split.getTopicPartition(), split.getStartingOffset());
              }
              return offsets;
            });
  }

  /**
   * Says that a state cannot be gone on from with another topic: Flink would read both.
   *
   * @param state where it is
   */
  static String otherTopic(String state, String read, String wanted) {
    return "the state "
        + state
        + " reads topic '"
        + read
        + "', but "
        + KafkaOptions.INPUT_TOPIC.key()
        + " is '"
        + wanted
        + "', and both would be read; allowed: '"
        + read
        + "', or a start without that state";
  }
}
