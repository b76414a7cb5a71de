// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import java.util.Map;
import org.apache.flink.annotation.Internal;

/**
 * A job's counters at one moment.
 *
 * @param era within which the clock goes on; in another one a new time begins
 * @param millis of a clock that goes on with the counters; where it goes back, a new time begins,
 *     too
 * @param lag messages that are not read yet, by subtask; empty as long as no source has said it
 */
@Internal
public record Reading(long era, long millis, Map<Series, Long> counters, Map<Integer, Long> lag) {

  /** Of Flink's sources: messages that the brokers have and that are not read yet. */
  public static final String PENDING = "pendingRecords";

  boolean isOfTimeOf(Reading other) {
    return era == other.era && millis == other.millis;
  }

  boolean isBehind(Reading other) {
    return era != other.era || millis < other.millis;
  }

  /** The sum of a counter over all labels and subtasks. */
  public long total(Count count) {
    return counters.entrySet().stream()
        .filter(each -> each.getKey().count() == count)
        .mapToLong(Map.Entry::getValue)
        .sum();
  }
}
