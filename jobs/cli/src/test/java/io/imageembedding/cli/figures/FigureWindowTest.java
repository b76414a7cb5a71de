// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FigureWindowTest {
  private final FigureWindow window = new FigureWindow();
  private final Map<Series, Long> counters = new HashMap<>();
  private final Map<Integer, Long> lag = new HashMap<>();

  private void set(Count count, String label, int subtask, long value) {
    counters.put(new Series(count, label, subtask), value);
  }

  private Figures at(long millis) {
    return window.update(new Reading(0, millis, Map.copyOf(counters), Map.copyOf(lag))).job();
  }

  @Test
  void ofOneReadingThereAreNoRates() {
    set(Count.IMAGES_IN, "", 0, 100);
    set(Count.BATCHES, "COUNT", 0, 10);
    set(Count.IMAGES_REFUSED, "EMPTY", 0, 0);

    Figures figures = at(1000);

    assertThat(figures.in()).isEqualTo(100);
    assertThat(figures.inPerSecond()).isNull();
    assertThat(figures.batchSize()).isNull();
    assertThat(figures.lag()).isNull();
    assertThat(figures.refusedByCode()).isEmpty();
    assertThat(StatusLine.of(figures, 2, Checkpoints.NONE))
        .isEqualTo("images in 100, out 0, refused 0, restarts 2, checkpoint none yet");
  }

  @Test
  void ratesAndTimesAreThoseOfTheLastSeconds() {
    set(Count.IMAGES_IN, "", 0, 1_000_000);
    set(Count.IMAGES_OUT, "", 0, 900_000);
    set(Count.BATCHES, "COUNT", 0, 500_000);
    set(Count.QUEUE_MICROS, "", 0, 7);
    set(Count.DECODE_MICROS, "", 0, 0);
    set(Count.ANSWERS, "", 0, 3);
    set(Count.LATENCY_MILLIS, "", 0, 3);
    set(Count.BATCHES, "AGE", 0, 0);
    set(Count.IMAGES_REFUSED, "CORRUPT", 0, 0);
    at(50_000);
    set(Count.IMAGES_IN, "", 0, 1_000_200);
    at(60_000);
    set(Count.IMAGES_IN, "", 0, 1_000_600);
    set(Count.IMAGES_OUT, "", 0, 900_390);
    set(Count.IMAGES_REFUSED, "CORRUPT", 0, 10);
    set(Count.BATCHES, "COUNT", 0, 500_050);
    set(Count.BATCHES, "AGE", 0, 50);
    set(Count.QUEUE_MICROS, "", 0, 12_000_007);
    set(Count.DECODE_MICROS, "", 0, 4_000_000);
    set(Count.ANSWERS, "", 0, 403);
    set(Count.LATENCY_MILLIS, "", 0, 500_003);
    lag.put(0, 40L);
    lag.put(1, 2L);

    Figures figures = at(70_000);

    assertThat(figures.inPerSecond()).isEqualTo(40);
    assertThat(figures.outPerSecond()).isEqualTo(39);
    assertThat(figures.refusedPerSecond()).isEqualTo(1);
    assertThat(figures.batchSize()).isEqualTo(4);
    assertThat(figures.millisPerImage()).isEqualTo(Map.of(Stage.QUEUE, 30.0, Stage.DECODE, 10.0));
    assertThat(figures.share(Stage.QUEUE)).isEqualTo(0.75);
    assertThat(figures.share(Stage.STORE)).isNull();
    assertThat(figures.latencyMillis()).isEqualTo(1250);
    assertThat(figures.lag()).isEqualTo(42);
    assertThat(StatusLine.of(figures, 0, new Checkpoints(31L, 4100L, 5L, 6L, 30, 1)))
        .isEqualTo(
            "images in 1000600, out 900390, refused 10, restarts 0, 40.0/s in, 39.0/s out, lag 42,"
                + " checkpoint 31, 4 s ago (1 failed), batch 4.0, ms an image: queue 30.0, decode"
                + " 10.0, latency 1.3 s, codes CORRUPT 10");
  }

  @Test
  void aSecondHasManyReadingsAndAllOfThemCount() {
    for (int second = 0; second <= 30; second++) {
      set(Count.IMAGES_IN, "", 0, second * second);
      at(second * 1000L);
    }
    set(Count.IMAGES_IN, "", 0, 31 * 31);

    assertThat(at(31_000).inPerSecond()).isEqualTo((31 * 31 - 22 * 22) / 9.0);
  }

  @Test
  void fetchesThatAreNotQuiteTenSecondsApartAreNotPutTogether() {
    set(Count.IMAGES_IN, "", 0, 0);
    at(0);
    set(Count.IMAGES_IN, "", 0, 310);
    at(9_950);

    assertThat(at(19_900).inPerSecond()).isZero();
  }

  @Test
  void aCounterThatBeginsAnewIsNoNegativeRateAndWhatItCountedStays() {
    set(Count.IMAGES_IN, "", 0, 1000);
    set(Count.IMAGES_IN, "", 1, 1000);
    at(0);
    set(Count.IMAGES_IN, "", 0, 30);
    set(Count.IMAGES_IN, "", 1, 1050);

    Figures figures = at(10_000);

    assertThat(figures.in()).isEqualTo(2080);
    assertThat(figures.inPerSecond()).isEqualTo(8);
  }

  @Test
  void aCounterThatIsAwayForAWhileGoesOn() {
    set(Count.IMAGES_IN, "", 0, 1000);
    at(0);
    counters.clear();
    assertThat(at(10_000).in()).isEqualTo(1000);
    set(Count.IMAGES_IN, "", 0, 1010);

    assertThat(at(20_000).in()).isEqualTo(1010);
  }

  @Test
  void whatIsSeenForTheFirstTimeWasNotCountedJustNow() {
    assertThat(at(0).in()).isZero();
    set(Count.IMAGES_IN, "", 0, 1_000_000);
    assertThat(at(3_600_000).inPerSecond()).isNull();
    set(Count.IMAGES_IN, "", 0, 1_000_100);
    set(Count.IMAGES_IN, "", 1, 2_000_000);

    Figures figures = at(3_610_000);

    assertThat(figures.in()).isEqualTo(3_000_100);
    assertThat(figures.inPerSecond()).isEqualTo(10);
  }

  @Test
  void aClockThatBeginsAnewLeavesNoRateAndThenThatOfTheNewTime() {
    set(Count.IMAGES_IN, "", 0, 1000);
    at(500_000);
    set(Count.IMAGES_IN, "", 0, 0);
    assertThat(at(0).inPerSecond()).isNull();
    set(Count.IMAGES_IN, "", 0, 20);

    Figures figures = at(4_000);

    assertThat(figures.in()).isEqualTo(1020);
    assertThat(figures.inPerSecond()).isEqualTo(5);
  }

  @Test
  void theTimeBeforeARestartIsNotTakenForThatAfterIt() {
    set(Count.IMAGES_IN, "", 0, 1000);
    at(5_000);
    set(Count.IMAGES_IN, "", 0, 60);

    Figures figures =
        window.update(new Reading(1, 12_000, Map.copyOf(counters), Map.copyOf(lag))).job();

    assertThat(figures.in()).isEqualTo(1060);
    assertThat(figures.inPerSecond()).isNull();
  }

  @Test
  void theSameMomentAgainBringsNothingNew() {
    set(Count.IMAGES_IN, "", 0, 0);
    at(0);
    set(Count.IMAGES_IN, "", 0, 100);
    assertThat(at(10_000).inPerSecond()).isEqualTo(10);

    assertThat(at(10_000).inPerSecond()).isEqualTo(10);
    assertThat(at(10_000).in()).isEqualTo(100);
  }

  @Test
  void everySubtaskHasItsOwn() {
    set(Count.IMAGES_IN, "", 0, 0);
    set(Count.IMAGES_IN, "", 1, 0);
    at(0);
    set(Count.IMAGES_IN, "", 0, 10);
    set(Count.IMAGES_IN, "", 1, 50);
    lag.put(1, 7L);

    JobFigures figures =
        window.update(new Reading(0, 10_000, Map.copyOf(counters), Map.copyOf(lag)));

    assertThat(figures.subtasks()).containsOnlyKeys(0, 1);
    assertThat(figures.subtasks().get(0).inPerSecond()).isEqualTo(1);
    assertThat(figures.subtasks().get(0).lag()).isNull();
    assertThat(figures.subtasks().get(1).inPerSecond()).isEqualTo(5);
    assertThat(StatusLine.ofSubtask(1, figures.subtasks().get(1)))
        .isEqualTo("subtask 1: images in 50, out 0, refused 0, 5.0/s in, 0.0/s out, lag 7");
  }

  @Test
  void countersAreKnownByTheirNamesBehindAllGroups() {
    assertThat(Count.series("host.tm.job.embed.3.imageEmbedding.imagesIn", 3))
        .hasValue(new Series(Count.IMAGES_IN, "", 3));
    assertThat(Count.series("embed.imageEmbedding.code.NOT_AN_IMAGE.imagesRefused", 0))
        .hasValue(new Series(Count.IMAGES_REFUSED, "NOT_AN_IMAGE", 0));
    assertThat(Count.series("store.vectorStore.reason.ZERO_NORM.changesRefused", 0))
        .hasValue(new Series(Count.STORE_REFUSED, "ZERO_NORM", 0));
    assertThat(Count.series("send.kafkaOutput.encodeMicros", 0))
        .hasValue(new Series(Count.ENCODE_MICROS, "", 0));
    assertThat(Count.series("embed.numRecordsIn", 0)).isEmpty();
    assertThat(Count.series("micro-batch.microBatch.queueMicros", 0)).isPresent();
    assertThat(Count.series("store_micro-batch.microBatch.queueMicros", 0)).isEmpty();
    assertThat(Count.series("host.job.store micro-batch.3.microBatch.queueMicros", 3)).isEmpty();
    assertThat(Count.series("embed.imageEmbedding.inferTimeMicros_mean", 0)).isEmpty();
  }
}
