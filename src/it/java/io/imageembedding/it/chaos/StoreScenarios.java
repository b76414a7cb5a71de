// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.postgres.TestingPostgres;
import java.time.Duration;
import java.util.List;
import org.opentest4j.TestAbortedException;

/** Vector stores that die. */
final class StoreScenarios {
  private StoreScenarios() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "postgres-killed",
            "a PostgreSQL that is killed is waited for, and has every embedding in the end",
            StoreScenarios::killPostgres));
  }

  private static void killPostgres(Trial trial) throws Exception {
    TestingPostgres started;
    try {
      started = TestingPostgres.start();
    } catch (TestAbortedException e) {
      throw new Scenario.SkippedException(e.getMessage());
    }
    try (TestingPostgres server = started) {
      String store = server.address() + "?table=images";
      trial.option("image-embedding.store.address", store);
      trial.feed();
      trial.submit();
      trial.awaitAnswered(0.2);
      trial.strike("kill -9 of PostgreSQL");
      server.kill();
      trial.pause(Duration.ofSeconds(3));
      server.startAgain();
      trial.awaitRecovered();
      trial.awaitAnswered(1);
      trial.awaitCheckpoint();
      trial.cancel();
      int deadLetters =
          trial.answers().tallies().codes().values().stream().mapToInt(Integer::intValue).sum();
      try (VectorStore vectors = VectorStore.open(store, OpenMode.read())) {
        long stored = vectors.describe().count();
        trial.require(
            stored == trial.records() - deadLetters,
            "the store has " + stored + " of " + (trial.records() - deadLetters) + " embeddings");
      }
    }
  }
}
