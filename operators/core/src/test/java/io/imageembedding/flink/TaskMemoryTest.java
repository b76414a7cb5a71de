// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.DecodeLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Native memory of tasks, in processes of their own. {@link TaskMemoryMeasurement} runs longer. */
@Timeout(300)
class TaskMemoryTest {

  /** In {@code deploy/README.md}. */
  private static final Pattern FORMULA =
      Pattern.compile("(\\d+) MB \\+ slots × \\((\\d+) MB \\+ ([\\d.]+) bytes × pixels\\)");

  @Test
  void startingAndStoppingTheOperatorAgainAndAgainKeepsNoNativeMemory() throws Exception {
    List<Long> kilobytes = TaskProcess.run("restarts", "20", "64");

    assertThat(kilobytes.get(19) - kilobytes.get(7))
        .as("kilobytes by which 12 starts of two make the process larger, of %s", kilobytes)
        .isLessThan(25 * 1000);
  }

  @Test
  void slotsWithTheLargestImagesStayWithinTheFormulaOfTheDocumentation() throws Exception {
    String text =
        Files.readString(
            Path.of(System.getProperty("image-embedding.project")).resolve("deploy/README.md"));
    Matcher formula = FORMULA.matcher(text);
    assertThat(formula.find()).isTrue();
    int slots = 2;
    int side = (int) Math.sqrt(DecodeLimits.DEFAULT.maxPixels());
    double megabytes =
        Double.parseDouble(formula.group(1))
            + slots
                * (Double.parseDouble(formula.group(2))
                    + Double.parseDouble(formula.group(3)) * side * side / 1e6);

    List<Long> kilobytes =
        TaskProcess.run("slots", Integer.toString(slots), Integer.toString(side), "1");

    double grown = (kilobytes.get(1) - kilobytes.get(0)) / 1e3;
    System.out.printf("two slots: %.0f MB, by the formula %.0f MB%n", grown, megabytes);
    assertThat(grown).isBetween(megabytes / 3, megabytes);
  }
}
