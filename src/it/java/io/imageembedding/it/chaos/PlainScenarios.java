// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.flink.ImageEmbedding;
import io.imageembedding.it.TestingJar;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.kafka.KafkaTopics;
import java.nio.file.Path;
import java.util.List;

/** What happens to every job, without a process that dies. */
final class PlainScenarios {
  /** The run that all others are compared with. */
  static final Scenario UNDISTURBED =
      new Scenario(
          "bounded-input-ends",
          "a bounded job answers everything and ends",
          trial -> {
            trial.feedAtOnce(0, trial.records());
            trial.option("image-embedding.kafka.input.bounded", "true");
            trial.submit();
            trial.awaitState("FINISHED");
          });

  private PlainScenarios() {}

  static List<Scenario> all() {
    return List.of(
        UNDISTURBED,
        new Scenario(
            "exception-in-map",
            "an exception in a user's operator repeats nothing",
            PlainScenarios::throwInMap),
        new Scenario(
            "object-reuse-is-safe",
            "with object reuse no element is overwritten",
            trial -> {
              trial.option("pipeline.object-reuse", "true");
              throwInMap(trial);
            }),
        new Scenario(
            "rescaled",
            "savepoints take the job from 1 to 4, 2 and 1 parallel instances",
            PlainScenarios::rescale),
        new Scenario(
            "partitions-added",
            "partitions that are added while the job runs are read",
            PlainScenarios::addPartitions));
  }

  private static void throwInMap(Trial trial) throws Exception {
    Path marks = trial.folder().resolve("failures");
    trial.addJar(TestingJar.of(trial.folder(), FailingMap.class));
    trial.feed();
    trial.submit(
        (env, config) -> {
          KafkaTopics topics = KafkaTopics.of(config);
          ImageEmbedding<KafkaMessage> embedding =
              ImageEmbedding.of(topics.extractor()).options(config);
          topics.write(
              embedding.embed(
                  topics
                      .read(env)
                      .map(new FailingMap(marks.toString(), 2))
                      .returns(KafkaMessage.typeInformation())));
        });
    for (int i = 1; i <= 2; i++) {
      int failures = i;
      trial.await("failure " + i, trial.patience(), () -> FailingMap.failures(marks) >= failures);
      trial.strike("exception " + i + " in map");
      trial.awaitRecovered();
    }
  }

  private static void rescale(Trial trial) throws Exception {
    int[] parallelism = {1, 4, 2, 1};
    int part = trial.records() / parallelism.length;
    for (int i = 0; i < parallelism.length; i++) {
      trial.option("parallelism.default", String.valueOf(parallelism[i]));
      boolean last = i == parallelism.length - 1;
      trial.feed(i * part, last ? trial.records() : (i + 1) * part);
      trial.submit();
      if (i > 0) {
        trial.awaitRecovered();
      }
      if (!last) {
        trial.awaitAnswers(i * part + part / 4);
        trial.strike("savepoint at " + parallelism[i] + ", on with " + parallelism[i + 1]);
        trial.option("execution.state-recovery.path", trial.stopWithSavepoint());
      }
    }
  }

  private static void addPartitions(Trial trial) throws Exception {
    int half = trial.records() / 2;
    trial.option("image-embedding.kafka.properties.partition.discovery.interval.ms", "1000");
    trial.feed(0, half);
    trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("two partitions more");
    trial.topics().addPartitions(trial.topics().images(), TrialTopics.PARTITIONS + 2);
    trial.feed(half, trial.records());
    trial.awaitRecovered();
  }
}
