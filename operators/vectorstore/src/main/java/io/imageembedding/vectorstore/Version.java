// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;

/**
 * Which of two changes to one id is the newer. The order is total, so any sequence of the same
 * changes, repeated as often as may be, ends in the same state:
 *
 * <ol>
 *   <li>the later timestamp is the newer; none at all ({@link #NO_TIMESTAMP}) is the oldest;
 *   <li>at one timestamp, the topic that comes later in the order of its UTF-8 bytes, then the
 *       higher partition;
 *   <li>within one partition of a topic, the higher offset;
 *   <li>where all of that is the same, see {@link Change#tieBreak()}.
 * </ol>
 *
 * <p>Timestamps of what the job writes never go back within a partition: where an earlier message
 * has a later one, that counts. So within a partition the higher offset is always the newer,
 * whatever the clocks of the producers say, and only between partitions do they decide. To compare
 * offsets first, where the partition is the same, would be no order: of three changes in two
 * partitions each could be newer than the next.
 *
 * @param timestamp of the record, in milliseconds since 1970-01-01 UTC
 * @param topic that it came from, empty where it came from none
 * @param partition of the topic
 * @param offset in the partition
 */
@PublicEvolving
public record Version(long timestamp, String topic, int partition, long offset)
    implements Comparable<Version>, Serializable {

  /** Timestamp of a record that has none. */
  public static final long NO_TIMESTAMP = -1;

  public Version {
    requireNonNull(topic, "topic");
  }

  /** The version of something that came from no topic. */
  public static Version at(long timestamp) {
    return new Version(timestamp, "", 0, 0);
  }

  @Override
  public int compareTo(Version other) {
    int order = Long.compare(timestamp, other.timestamp);
    if (order == 0) {
      order = TextOrder.BY_BYTES.compare(topic, other.topic);
    }
    if (order == 0) {
      order = Integer.compare(partition, other.partition);
    }
    return order != 0 ? order : Long.compare(offset, other.offset);
  }
}
