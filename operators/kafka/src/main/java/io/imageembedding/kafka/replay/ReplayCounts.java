// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka.replay;

import io.imageembedding.schema.Code;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.annotation.Internal;

/** What became of the dead letters that were read; it counts what is committed only. */
@Internal
public final class ReplayCounts {

  /** Why a dead letter that was selected is not sent again. */
  public enum Skipped {
    /** The dead letter could not hold the original value. */
    NO_VALUE("without the original value"),
    /** The dead letter could not hold the original headers, among them the count of tries. */
    NO_HEADERS("without the original headers"),
    /** As often as is allowed. */
    TRIED("replayed as often as is allowed"),
    /** Larger than the topic takes. */
    TOO_LARGE("larger than the topic takes"),
    /** No dead letter in the wire format. */
    UNREADABLE("no dead letters");

    private final String text;

    Skipped(String text) {
      this.text = text;
    }
  }

  private final Map<Code, Long> replayed = new EnumMap<>(Code.class);
  private final Map<Skipped, Long> skipped = new EnumMap<>(Skipped.class);
  private long notSelected;

  void replayed(Code code) {
    replayed.merge(code, 1L, Long::sum);
  }

  void skipped(Skipped reason) {
    skipped.merge(reason, 1L, Long::sum);
  }

  void passedOver() {
    notSelected++;
  }

  void add(ReplayCounts other) {
    other.replayed.forEach((code, count) -> replayed.merge(code, count, Long::sum));
    other.skipped.forEach((reason, count) -> skipped.merge(reason, count, Long::sum));
    notSelected += other.notSelected;
  }

  private static long sum(Map<?, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** All that were read. */
  public long read() {
    return replayed() + skipped() + notSelected;
  }

  /** Those that were sent again. */
  public long replayed() {
    return sum(replayed);
  }

  /** Those of them with each code. */
  public Map<Code, Long> replayedByCode() {
    return Collections.unmodifiableMap(replayed);
  }

  /** Those that were selected and not sent. */
  public long skipped() {
    return sum(skipped);
  }

  /** Those of them with each reason. */
  public Map<Skipped, Long> skippedByReason() {
    return Collections.unmodifiableMap(skipped);
  }

  /** Those that were not selected. */
  public long notSelected() {
    return notSelected;
  }

  /** The counts in words. */
  @Override
  public String toString() {
    Map<String, Long> reasons = new TreeMap<>();
    skipped.forEach((reason, count) -> reasons.put(reason.text, count));
    return read()
        + " dead letters"
        + among(replayed)
        + ", "
        + notSelected
        + " not selected, "
        + skipped()
        + " skipped"
        + among(reasons);
  }

  private static String among(Map<?, Long> counts) {
    return counts.isEmpty()
        ? ""
        : counts.entrySet().stream()
            .map(entry -> entry.getKey() + ": " + entry.getValue())
            .collect(Collectors.joining(", ", " (", ")"));
  }
}
