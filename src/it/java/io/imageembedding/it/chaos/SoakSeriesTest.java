// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.chaos.SoakSeries.Point;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SoakSeriesTest {

  @Test
  void whatGrowsSlowlyAndForEverIsFound() {
    var finding = SoakSeries.METASPACE.judge(points(second -> 100 + second / 100.0));

    assertThat(finding.grewBy()).isBetween(17.0, 19.0);
    assertThat(finding.holds()).isFalse();
  }

  @Test
  void aStepThatStaysIsFound() {
    assertThat(SoakSeries.METASPACE.judge(points(second -> second < 2000 ? 80 : 100)).holds())
        .isFalse();
  }

  @Test
  void aQuarterWithoutValuesHasTheNearest() {
    var finding =
        SoakSeries.METASPACE.judge(
            List.of(new Point(0, 80), new Point(10, 80), new Point(90, 81), new Point(100, 81)));

    assertThat(finding.grewBy()).isEqualTo(1);
  }

  @Test
  void whatGetsWarmAndHasPeaksHolds() {
    var finding =
        SoakSeries.METASPACE.judge(
            points(second -> Math.min(100, second / 5.0) + (second % 500 == 0 ? 60 : 0)));

    assertThat(finding.grewBy()).isBetween(-1.0, 1.0);
    assertThat(finding.holds()).isTrue();
  }

  @Test
  void aSinglePeakOverTheLimitIsFound() {
    assertThat(
            SoakSeries.TRANSACTIONAL_IDS.judge(points(second -> second == 1800 ? 1000 : 8)).holds())
        .isFalse();
  }

  private static List<Point> points(IntToDoubleFunction value) {
    return IntStream.range(0, 360)
        .map(i -> i * 10)
        .mapToObj(second -> new Point(second, value.applyAsDouble(second)))
        .toList();
  }
}
