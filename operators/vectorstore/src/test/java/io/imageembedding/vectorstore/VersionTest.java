// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.SourcePosition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionTest {
  private static final int PARTITIONS = 3;

  /**
   * Clocks are as wrong as can be; as in every record of the job, a message's timestamp is that of
   * an earlier one of its partition where that is later.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyReplayEndsWithTheLaterOffsetOfEachPartitionAndTheLatestOfThese(long seed) {
    Random random = new Random(seed);
    List<Change> changes = new ArrayList<>();
    Map<String, Map<Integer, Change>> lastOfPartition = new HashMap<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      long latest = SourcePosition.NO_TIMESTAMP;
      for (int offset = 0; offset < 40; offset++) {
        latest = Math.max(latest, random.nextInt(100) - 1);
        String id = "id-" + random.nextInt(6);
        Version version = new Version(latest, "images", partition, offset);
        Change change =
            random.nextBoolean()
                ? new Deletion(id, version)
                : TestingVectors.stored(id, new float[] {offset}, version);
        changes.add(change);
        lastOfPartition.computeIfAbsent(id, key -> new HashMap<>()).put(partition, change);
      }
    }
    Map<String, Change> expected = new HashMap<>();
    lastOfPartition.forEach(
        (id, last) ->
            expected.put(
                id,
                last.values().stream()
                    .max(
                        (a, b) -> {
                          int byTime =
                              Long.compare(a.version().timestamp(), b.version().timestamp());
                          return byTime != 0
                              ? byTime
                              : Integer.compare(a.version().partition(), b.version().partition());
                        })
                    .orElseThrow()));

    for (int round = 0; round < 20; round++) {
      List<Change> replayed = new ArrayList<>(changes);
      for (int again = random.nextInt(4); again > 0; again--) {
        int from = random.nextInt(changes.size());
        replayed.addAll(changes.subList(from, from + random.nextInt(changes.size() - from)));
      }
      Collections.shuffle(replayed, random);
      Map<String, Change> store = new HashMap<>();
      replayed.forEach(
          change ->
              store.merge(change.id(), change, (a, b) -> Change.BY_AGE.compare(a, b) >= 0 ? a : b));
      assertThat(store).isEqualTo(expected);
    }
  }
}
