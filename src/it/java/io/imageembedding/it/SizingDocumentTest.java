// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The figures of {@code deploy/SIZING.md} are those that its formula makes of what was measured.
 */
class SizingDocumentTest {
  private static final String ZEN_4 = "AMD EPYC Zen 4, AVX-512 BF16";
  private static final double OVERHEAD = 1.25;
  private static final double UTILISATION = 0.7;
  private static final double RATE = 500;

  /** Of the pictures that jobs are measured with. */
  private static final double MEGAPIXELS = 640 * 427 / 1e6;

  /** Milliseconds of a core. */
  private record Processor(double fixed, double perMegapixel, double fp32, double bf16) {

    double image(double megapixels, boolean isBf16) {
      return OVERHEAD * (fixed + perMegapixel * megapixels + (isBf16 ? bf16 : fp32));
    }
  }

  @Test
  void theConstantsAreThoseThatWereMeasured() throws IOException {
    Processor zen4 = processors().get(ZEN_4);
    double small = measured("decode/jpeg-500x375", "ImageIO");
    double large = measured("decode/jpeg-4000x3000", "ImageIO");

    assertThat(zen4.perMegapixel())
        .isCloseTo((large - small) / (12 - 500 * 375 / 1e6), within(0.01));
    assertThat(zen4.fixed()).isCloseTo(small - zen4.perMegapixel() * 500 * 375 / 1e6, within(0.01));
    assertThat(zen4.fp32()).isCloseTo(2000 / measured("infer/fp32", "SavedModel"), within(0.01));
    assertThat(zen4.bf16()).isCloseTo(2000 / measured("infer/bf16", "fp32"), within(0.01));
  }

  @Test
  void wholeJobsThatWereMeasuredAreWithinATenthOfTheFormula() throws IOException {
    List<List<String>> points =
        SizingDocument.table("| processor, precision | formula, images/s |");
    assertThat(points).hasSize(3);
    for (List<String> point : points) {
      double formula =
          2000 / processor(point.get(0)).image(MEGAPIXELS, point.get(0).contains("bf16"));
      assertThat(number(point.get(1))).as(point.get(0)).isCloseTo(formula, within(0.5));
      assertThat(number(point.get(2)) / formula).as(point.get(0)).isBetween(0.9, 1.1);
    }
    assertThat(number(points.get(0).get(2)))
        .isEqualTo(measured("end-to-end", "job written first, SavedModel"));
    assertThat(number(points.get(1).get(2))).isEqualTo(measured("end-to-end/bf16", "fp32"));
  }

  @Test
  void theExamplesAreWhatTheFormulaGives() throws IOException {
    List<List<String>> examples = SizingDocument.table("| processor, precision | megapixels |");
    assertThat(examples).isNotEmpty();
    for (List<String> example : examples) {
      double ms =
          processor(example.get(0)).image(number(example.get(1)), example.get(0).contains("bf16"));
      assertThat(number(example.get(2))).as("%s", example).isCloseTo(ms, within(0.05));
      assertThat(number(example.get(3)))
          .as("%s", example)
          .isEqualTo(Math.ceil(RATE * ms / 1000 / UTILISATION));
      assertThat(number(example.get(4)))
          .as("%s", example)
          .isCloseTo(ms / 3.6 / UTILISATION, within(0.051));
    }
  }

  private static Processor processor(String name) throws IOException {
    return processors().entrySet().stream()
        .filter(each -> each.getKey().startsWith(name.substring(0, name.lastIndexOf(','))))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no processor for " + name));
  }

  private static Map<String, Processor> processors() throws IOException {
    Map<String, Processor> all = new HashMap<>();
    for (List<String> row : SizingDocument.table("| processor | measured | fixed |")) {
      all.put(
          row.get(0),
          new Processor(
              number(row.get(2)), number(row.get(3)), number(row.get(4)), number(row.get(5))));
    }
    assertThat(all).hasSize(2);
    return all;
  }

  /** A figure of the benchmark on Zen 4, from its row against a rival. */
  private static double measured(String name, String rival) throws IOException {
    return Files.readAllLines(JavaProcess.project().resolve("src/bench/RESULTS.md")).stream()
        .map(line -> line.split("\\|"))
        .filter(cells -> cells.length > 4 && cells[1].strip().equals("`" + name + "`"))
        .filter(cells -> cells[4].contains(rival))
        .mapToDouble(cells -> number(cells[2]))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " was not measured"));
  }

  private static double number(String cell) {
    return Double.parseDouble(cell.strip());
  }
}
