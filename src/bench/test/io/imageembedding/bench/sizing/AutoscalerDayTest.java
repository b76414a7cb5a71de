// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.sizing;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.bench.sizing.AutoscalerDay.Outcome;
import io.imageembedding.it.SizingDocument;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;

/** The table of {@code deploy/SIZING.md} about autoscaling is what a simulated day gives. */
class AutoscalerDayTest {
  /** A slot of AMD Zen 4 in fp32, with JPEGs of 0.27 megapixels. */
  private static final double IMAGES_PER_SLOT = 76;

  private static final Duration RESTART = Duration.ofSeconds(40);

  @Test
  void theDocumentHasTheFiguresOfTheSimulation() throws IOException {
    assertThat(SizingDocument.table("| autoscaler | slot-hours |")).isEqualTo(rows());
  }

  private static List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("none, 16 slots", 16, settings("0.7", "10 min", "5 min", 16)));
    rows.add(row("0.7, window 15 min (its defaults)", 16, settings("0.7", "15 min", "5 min", 2)));
    rows.add(row("0.7, window 10 min", 16, settings("0.7", "10 min", "5 min", 2)));
    rows.add(
        row("0.7, window 5 min, stabilisation 2 min", 16, settings("0.7", "5 min", "2 min", 2)));
    rows.add(row("0.5, window 10 min", 16, settings("0.5", "10 min", "5 min", 2)));
    rows.add(row("0.9, window 10 min", 16, settings("0.9", "10 min", "5 min", 2)));
    rows.add(row("0.7, window 10 min, 24 partitions", 24, settings("0.7", "10 min", "5 min", 2)));
    return rows;
  }

  private static Configuration settings(
      String target, String window, String stabilisation, int least) {
    return Configuration.fromMap(
        Map.of(
            "job.autoscaler.target.utilization",
            target,
            "job.autoscaler.metrics.window",
            window,
            "job.autoscaler.stabilization.interval",
            stabilisation,
            "job.autoscaler.restart.time",
            "1 min",
            "job.autoscaler.vertex.min-parallelism",
            String.valueOf(least),
            "job.autoscaler.vertex.max-parallelism",
            "24"));
  }

  private static List<String> row(String name, int partitions, Configuration settings) {
    Outcome day = new AutoscalerDay(settings, partitions, IMAGES_PER_SLOT, RESTART).run();
    return List.of(
        name,
        String.format(Locale.ROOT, "%.0f", day.slotHours()),
        String.valueOf(day.changes()),
        day.longestDelay().toSeconds() + " s",
        String.format(Locale.ROOT, "%.1f %%", 100 * day.lateShare()));
  }
}
