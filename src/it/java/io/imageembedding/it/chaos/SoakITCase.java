// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A soak of five minutes; src/it/soak makes one of hours. A failure of each kind is in it, the new
 * submission first: what a JVM takes for its second job, and keeps, is no growth.
 */
@Tag("long")
class SoakITCase {
  @TempDir Path folder;

  @Test
  void nothingGrowsOverFailuresOfEveryKind() throws Exception {
    SoakRun.Outcome outcome =
        new SoakRun(
                Duration.ofSeconds(260),
                20,
                Duration.ofSeconds(55),
                Duration.ofSeconds(2),
                folder,
                System.out::println)
            .run();

    assertThat(outcome.holds()).as(String.join("\n", outcome.lines())).isTrue();
    assertThat(folder.resolve("soak.html")).content().contains("<svg", "</html>");
  }
}
