// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;

/**
 * The message of a topic that something came from, with its time.
 *
 * @param topic that it came from; empty where it came from none
 * @param partition of the topic
 * @param offset in the partition
 * @param timestamp that it has in Kafka, or that of an earlier message of its partition where that
 *     is later, in milliseconds since 1970-01-01 UTC; {@link #NO_TIMESTAMP} where none has one. So
 *     it never goes back within a partition, and of two messages with one id it tells the newer
 */
@PublicEvolving
public record SourcePosition(String topic, int partition, long offset, long timestamp)
    implements Serializable {

  /** Timestamp of what has none, as Kafka's own consumer says it. */
  public static final long NO_TIMESTAMP = -1;

  public SourcePosition {
    requireNonNull(topic, "topic");
  }

  /** The message as people name it: {@code topic-partition-offset}. */
  public String message() {
    return topic + "-" + partition + "-" + offset;
  }

  /**
   * A text that no other message has: with its time, because a topic that was made anew has the
   * same offsets once more.
   */
  public String place() {
    return topic + '/' + partition + '/' + offset + '@' + timestamp;
  }
}
