// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.SourcePosition;
import java.io.Serializable;

/**
 * Which of two changes to one id is the newer. The order is total, so any sequence of the same
 * changes, repeated as often as may be, ends in the same state:
 *
 * <ol>
 *   <li>the later timestamp is the newer; none at all ({@link SourcePosition#NO_TIMESTAMP}) is the
 *       oldest;
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
 * @param source where the image came from, and when; without a topic where it came from none
 */
@PublicEvolving
public record Version(SourcePosition source) implements Comparable<Version>, Serializable {

  public Version {
    requireNonNull(source, "source");
  }

  /** The version of what came in a message. */
  public Version(long timestamp, String topic, int partition, long offset) {
    this(new SourcePosition(topic, partition, offset, timestamp));
  }

  /** The version of something that came from no topic. */
  public static Version at(long timestamp) {
    return new Version(timestamp, "", 0, 0);
  }

  /** In milliseconds since 1970-01-01 UTC; {@link SourcePosition#NO_TIMESTAMP} where none is. */
  public long timestamp() {
    return source.timestamp();
  }

  /** Empty where it came from none. */
  public String topic() {
    return source.topic();
  }

  public int partition() {
    return source.partition();
  }

  public long offset() {
    return source.offset();
  }

  @Override
  public int compareTo(Version other) {
    int order = Long.compare(timestamp(), other.timestamp());
    if (order == 0) {
      order = TextOrder.BY_BYTES.compare(topic(), other.topic());
    }
    if (order == 0) {
      order = Integer.compare(partition(), other.partition());
    }
    return order != 0 ? order : Long.compare(offset(), other.offset());
  }
}
