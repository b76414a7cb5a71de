// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.NoRestartException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/** Offsets that a job goes on from and that its topic does not have, or not any more. */
final class LostOffsets {
  private static final int MOST_NAMED = 5;

  private final Map<TopicPartition, Lost> partitions = new HashMap<>();

  /**
   * @param wanted offset to go on from
   * @param first that the partition has
   * @param end one more than the last that it has
   */
  private record Lost(long wanted, long first, long end) {

    String describe(TopicPartition partition) {
      String beginning = "partition " + partition.partition() + ": " + wanted + " is wanted, but ";
      return wanted < first
          ? beginning + "the first that is left is " + first
          : beginning + "the end is " + end + " (the first is " + first + ")";
    }
  }

  /** Takes those in that are not from {@code first} to {@code end}. */
  LostOffsets of(
      Map<TopicPartition, Long> wanted,
      Map<TopicPartition, Long> first,
      Map<TopicPartition, Long> end) {
    wanted.forEach(
        (partition, offset) -> {
          Lost lost = new Lost(offset, first.get(partition), end.get(partition));
          if (offset < lost.first || offset > lost.end) {
            partitions.put(partition, lost);
          }
        });
    return this;
  }

  boolean isEmpty() {
    return partitions.isEmpty();
  }

  /** Messages that are known to be gone; of a partition that was made anew nothing is known. */
  long messages() {
    return partitions.values().stream()
        .mapToLong(lost -> Math.max(0, lost.first - lost.wanted))
        .sum();
  }

  /** Where to go on without them. */
  Map<TopicPartition, Long> first() {
    return partitions.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, lost -> lost.getValue().first));
  }

  /** What is wanted and what is left, of the first few partitions. */
  String describe() {
    String named =
        partitions.entrySet().stream()
            .sorted(Comparator.comparing(lost -> lost.getKey().partition()))
            .limit(MOST_NAMED)
            .map(lost -> lost.getValue().describe(lost.getKey()))
            .collect(Collectors.joining("; "));
    int more = partitions.size() - MOST_NAMED;
    return "offsets of topic '"
        + partitions.keySet().iterator().next().topic()
        + "' are gone, "
        + named
        + (more > 0 ? "; and of " + more + " more partitions" : "");
  }

  NoRestartException failure() {
    return new NoRestartException(
        describe()
            + "; "
            + messages()
            + " messages were never read. "
            + KafkaOptions.INPUT_LOST_MESSAGES.key()
            + "=skip goes on with the first that is left");
  }
}
