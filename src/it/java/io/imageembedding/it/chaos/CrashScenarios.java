// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.flink.ImageEmbedding;
import io.imageembedding.it.TestingImages;
import io.imageembedding.it.TestingJar;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.kafka.KafkaTopics;
import java.util.List;

/** Images that end the process of their task. */
final class CrashScenarios {
  private static final String KILLER = TestingImages.id(101);
  private static final String CODE = "CRASHED";

  private CrashScenarios() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "image-that-crashes",
            "an image that aborts the TaskManager does so twice, and is then a dead letter",
            CrashScenarios::crash));
  }

  private static void crash(Trial trial) throws Exception {
    trial.option("image-embedding.crash-fence.dir", trial.folder().resolve("fence").toString());
    trial.addJar(TestingJar.of(trial.folder(), CrashingExtractor.class));
    trial.expectDeadLetter(KILLER);
    trial.feed();
    trial.submit(
        (env, config) -> {
          KafkaTopics topics = KafkaTopics.of(config);
          ImageEmbedding<KafkaMessage> embedding =
              ImageEmbedding.of(new CrashingExtractor(topics.extractor(), KILLER)).options(config);
          topics.write(embedding.embed(topics.read(env)));
        });
    int all = trial.bed().cluster().taskManagers().size();
    for (int death = 1; death <= 2; death++) {
      trial.await(
          "death " + death,
          trial.patience(),
          () -> trial.bed().cluster().taskManagers().size() < all);
      trial.strike("a TaskManager aborted at " + KILLER);
      trial.bed().cluster().startTaskManager();
    }
    trial.awaitRecovered();
    trial.awaitAnswered(1);
    Integer letters = trial.answers().tallies().codes().get(CODE);
    trial.require(
        Integer.valueOf(1).equals(letters), letters + " dead letters are " + CODE + ", not 1");
    trial.require(
        trial.bed().cluster().taskManagers().size() == all, "more than two TaskManagers died");
  }
}
