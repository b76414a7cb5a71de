// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every scenario in a short form; src/it/chaos plays them with as many records as one likes. */
class ChaosITCase {
  private static final int RECORDS = 600;

  /** What most often happens; the others belong to the long proofs. */
  private static final List<String> USUAL =
      List.of(
          "bounded-input-ends",
          "exception-in-map",
          "taskmanager-killed",
          "jobmanager-killed",
          "broker-restarted",
          "everything-killed");

  /** What operators/core proves in less time, in a cluster in one process. */
  private static final List<String> ELSEWHERE =
      List.of("buffered-records-survive-failover", "object-reuse-is-safe", "back-pressure-holds");

  /** What was lost or doubled stays so, though a second try loses nothing. */
  private static final Map<String, List<String>> FAULTS = new HashMap<>();

  @TempDir static Path folder;
  private static Player player;

  @BeforeAll
  static void startCluster() throws Exception {
    player = new Player(folder, RECORDS, System.out::println);
  }

  @AfterAll
  static void endCluster() throws Exception {
    if (player != null) {
      player.close();
    }
  }

  static Stream<String> usual() {
    return USUAL.stream();
  }

  static Stream<String> rare() throws Exception {
    boolean canFill = CheckpointScenarios.canFillStorage();
    return Scenarios.all().stream()
        .map(Scenario::name)
        .filter(name -> canFill || !name.equals(CheckpointScenarios.STORAGE_FULL))
        .filter(name -> !USUAL.contains(name) && !ELSEWHERE.contains(name));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("usual")
  void everyIdIsAnsweredOnceThough(String scenario) throws Exception {
    holds(scenario);
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @MethodSource("rare")
  void everyIdIsAnsweredOnceAlsoThough(String scenario) throws Exception {
    holds(scenario);
  }

  private static void holds(String scenario) throws Exception {
    if (!FAULTS.containsKey(scenario)) {
      Verdict verdict = player.play(Scenarios.named(scenario));
      Assumptions.assumeTrue(verdict.skipped() == null, verdict.skipped());
      FAULTS.put(scenario, verdict.faults());
    }
    assertThat(FAULTS.get(scenario)).isEmpty();
  }
}
