// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.annotation.Internal;

/** Figures in one line, what matters most first. */
@Internal
public final class StatusLine {
  private StatusLine() {}

  /** What was done. */
  public static String summary(Figures figures, long restarts) {
    return counts(figures) + ", restarts " + restarts;
  }

  /** What was done, and how it goes. */
  public static String of(Figures figures, long restarts, Checkpoints checkpoints) {
    return summary(figures, restarts)
        + rates(figures)
        + ", checkpoint "
        + checkpoints.newest()
        + (checkpoints.failed() == 0 ? "" : " (" + checkpoints.failed() + " failed)")
        + times(figures)
        + codes(", codes", figures.refusedByCode())
        + codes(", refused by the store", figures.refusedByStore());
  }

  /** Of a part of a job, which has no restarts and checkpoints of its own. */
  public static String ofSubtask(int subtask, Figures figures) {
    return "subtask " + subtask + ": " + counts(figures) + rates(figures) + times(figures);
  }

  private static String counts(Figures figures) {
    return "images in "
        + figures.in()
        + ", out "
        + figures.out()
        + ", refused "
        + figures.refused();
  }

  private static String rates(Figures figures) {
    StringBuilder line = new StringBuilder();
    if (figures.inPerSecond() != null && figures.outPerSecond() != null) {
      line.append(
          String.format(
              Locale.ROOT,
              ", %.1f/s in, %.1f/s out",
              figures.inPerSecond(),
              figures.outPerSecond()));
    }
    if (figures.lag() != null) {
      line.append(", lag ").append(figures.lag());
    }
    return line.toString();
  }

  private static String times(Figures figures) {
    StringBuilder line = new StringBuilder();
    if (figures.batchSize() != null) {
      line.append(String.format(Locale.ROOT, ", batch %.1f", figures.batchSize()));
    }
    if (!figures.millisPerImage().isEmpty()) {
      line.append(
          figures.millisPerImage().entrySet().stream()
              .map(
                  each ->
                      String.format(Locale.ROOT, "%s %.1f", each.getKey().key(), each.getValue()))
              .collect(Collectors.joining(", ", ", ms an image: ", "")));
    }
    if (figures.latencyMillis() != null) {
      line.append(String.format(Locale.ROOT, ", latency %.1f s", figures.latencyMillis() / 1000));
    }
    return line.toString();
  }

  private static String codes(String name, Map<String, Long> counts) {
    return counts.isEmpty()
        ? ""
        : counts.entrySet().stream()
            .map(each -> each.getKey() + " " + each.getValue())
            .collect(Collectors.joining(", ", name + " ", ""));
  }
}
