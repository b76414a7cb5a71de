// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.report;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.model.Precision;
import java.time.Duration;
import java.util.List;

/**
 * How long everything is measured.
 *
 * @param rounds that contenders take turns in
 * @param round how long each works in a round
 * @param precisions of ours; the first is the one that others are held against
 * @param batches images in a call
 * @param photos different ones on the topic
 * @param streamRounds that streaming jobs take turns in
 * @param streamWarmUp of a streaming job in every round, besides a whole round before the first
 * @param stream how long a streaming job is measured in every round
 * @param checkpoints of streaming jobs, how far apart
 * @param latency how long each load lasts
 * @param harness rounds of the micro-benchmarks
 * @param harnessIterations iterations in each of their rounds, and as many before that count not
 * @param harnessIteration how long each of them is
 * @param starts of fresh processes
 */
public record Plan(
    String name,
    int rounds,
    Duration round,
    List<Precision> precisions,
    List<Integer> batches,
    int photos,
    int streamRounds,
    Duration streamWarmUp,
    Duration stream,
    Duration checkpoints,
    Duration latency,
    int harness,
    int harnessIterations,
    Duration harnessIteration,
    int starts) {

  public static final Plan FULL =
      new Plan(
          "full",
          7,
          Duration.ofSeconds(4),
          List.of(Precision.values()),
          List.of(1, 4, 8, 16),
          300,
          3,
          Duration.ofSeconds(5),
          Duration.ofSeconds(20),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          3,
          3,
          Duration.ofSeconds(2),
          5);

  public static final Plan QUICK =
      new Plan(
          "quick",
          3,
          Duration.ofMillis(400),
          List.of(Precision.values()),
          List.of(1, 4, 8, 16),
          200,
          2,
          Duration.ofSeconds(2),
          Duration.ofSeconds(6),
          Duration.ofSeconds(6),
          Duration.ofSeconds(6),
          1,
          2,
          Duration.ofMillis(300),
          1);

  /** Shows that everything runs; the figures say nothing. */
  public static final Plan SMOKE =
      new Plan(
          "smoke",
          1,
          Duration.ofMillis(50),
          List.of(Precision.FP32),
          List.of(1, 4),
          Fixtures.COMPARED,
          1,
          Duration.ofMillis(200),
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          Duration.ofMillis(500),
          1,
          1,
          Duration.ofMillis(20),
          1);

  /** Number of the first round: before the first that counts, 0, there is one to get warm. */
  public int firstRound() {
    return this == SMOKE ? 0 : -1;
  }
}
