// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** More than the job can do. */
final class LoadScenarios {
  /** Ten times the interval. */
  private static final long LONGEST_CHECKPOINT_MILLIS = 10_000;

  /** Time under load, in the long form. */
  private static final Duration MINUTES = Duration.ofMinutes(2);

  /** What may come with time: buffers that are touched, code that is compiled. */
  private static final double GROWTH = 1.1;

  private LoadScenarios() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "back-pressure-holds",
            "many times as many messages as the job can answer: its memory stays, checkpoints come"
                + " in time",
            LoadScenarios::overload));
  }

  private static void overload(Trial trial) throws Exception {
    if (trial.isLong()) {
      // Some ten times the work for each message: it takes minutes.
      trial.option("image-embedding.model", "untrained:mobilenet_v2_1.0_224");
      trial.otherVectors();
    }
    trial.feedAtOnce(0, trial.records());
    trial.option("parallelism.default", "1");
    trial.submit();
    trial.awaitAnswered(0.3);
    trial.strike("all " + trial.records() + " messages are in the topic");
    Instant loaded = Instant.now();
    long early = trial.bed().residentBytes();
    List<Long> later = new ArrayList<>();
    trial.await(
        "all answers",
        Duration.ofMinutes(20),
        () -> {
          later.add(trial.bed().residentBytes());
          return trial.answers().answered() >= trial.records();
        });
    Duration under = Duration.between(loaded, Instant.now());
    trial.require(
        !trial.isLong() || under.compareTo(MINUTES) > 0,
        "the job was done in " + under.toSeconds() + " s, which is no overload");
    long most = later.stream().mapToLong(each -> each).max().orElse(0);
    trial.require(
        most < GROWTH * early,
        "memory grew under load: %d MB, then %d MB".formatted(early >> 20, most >> 20));
    JsonNode checkpoints = trial.bed().flink().get("/jobs/" + trial.job() + "/checkpoints");
    long longest = checkpoints.at("/summary/end_to_end_duration/max").asLong();
    trial.say(
        "%d MB, then at most %d MB; longest of %d checkpoints: %d ms"
            .formatted(
                early >> 20, most >> 20, checkpoints.at("/counts/completed").asLong(), longest));
    trial.require(
        longest < LONGEST_CHECKPOINT_MILLIS, "a checkpoint took " + longest + " ms under load");
    trial.require(
        checkpoints.at("/counts/failed").asLong() == 0,
        checkpoints.at("/counts/failed").asLong() + " checkpoints failed under load");
  }
}
