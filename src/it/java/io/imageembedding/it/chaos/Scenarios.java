// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.util.List;
import java.util.stream.Stream;

/** All failures that are played, by name. */
final class Scenarios {
  private Scenarios() {}

  /** The undisturbed run first, with which the others are compared. */
  static List<Scenario> all() {
    return Stream.of(
            PlainScenarios.all(),
            KillScenarios.all(),
            CrashScenarios.all(),
            CheckpointScenarios.all(),
            TopicScenarios.all(),
            NameScenarios.all(),
            LoadScenarios.all(),
            StoreScenarios.all())
        .flatMap(List::stream)
        .toList();
  }

  /**
   * @throws IllegalArgumentException if there is none of that name
   */
  static Scenario named(String name) {
    return all().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--scenario "
                        + name
                        + "; there are: "
                        + String.join(", ", all().stream().map(Scenario::name).toList())));
  }
}
