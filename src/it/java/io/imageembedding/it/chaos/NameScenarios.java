// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.time.Duration;
import java.util.List;

/** Jobs that take each other's place. */
final class NameScenarios {
  private static final Duration NOTICED = Duration.ofMinutes(2);

  private NameScenarios() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "second-job-of-the-same-name",
            "a second job of the same name is refused, or one of the two ends and says why",
            NameScenarios::submitAgain),
        new Scenario(
            "job-whose-name-begins-alike",
            "a job whose name begins like another's leaves its transactions alone",
            NameScenarios::submitAlike));
  }

  private static void submitAgain(Trial trial) throws Exception {
    trial.feed();
    String first = trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("a second job of the same name is submitted");
    String name = "chaos-" + "second-job-of-the-same-name";
    String refusal = trial.submitExpectingRefusal();
    if (refusal == null) {
      String second = trial.job();
      trial.await(
          "one of the two to end",
          NOTICED,
          () ->
              trial.bed().flink().state(first).equals("FAILED")
                  || trial.bed().flink().state(second).equals("FAILED"));
      boolean secondEnded = trial.bed().flink().state(second).equals("FAILED");
      refusal = trial.bed().flink().failure(secondEnded ? second : first);
      trial.follow(secondEnded ? first : second);
    } else {
      trial.follow(first);
    }
    trial.say("said: " + refusal.lines().findFirst().orElse("nothing"));
    trial.require(refusal.contains(name), "the name is not in what was said: " + refusal);
    trial.awaitRecovered();
  }

  private static void submitAlike(Trial trial) throws Exception {
    trial.feed();
    String first = trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("a job with a longer name writes to the same topics");
    // Of a topic without images, so that it has nothing to answer.
    String other = trial.topics().images() + "-of-others";
    trial.topics().create(other);
    trial.option("pipeline.name", "chaos-job-whose-name-begins-alike-2");
    trial.option("image-embedding.kafka.input.topic", other);
    String second = trial.submit();
    trial.awaitState("RUNNING");
    trial.awaitCheckpoint();
    trial.follow(first);
    trial.awaitRecovered();
    trial.awaitAnswered(1);
    trial.require(
        trial.bed().flink().checkpoints(first, "restored") == 0,
        "the first job was restarted: " + trial.bed().flink().failure(first));
    trial.follow(second);
    trial.cancel();
    trial.follow(first);
  }
}
