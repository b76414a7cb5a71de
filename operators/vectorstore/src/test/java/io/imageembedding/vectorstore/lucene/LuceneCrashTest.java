// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.store.FSDirectory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that writes is killed by the operating system, and another goes on. */
class LuceneCrashTest {
  private static final int DIMENSION = 256;
  private static final int IDS = 700;
  private static final int ROUNDS = 6;
  private static final int BATCH = 50;
  private static final int BATCHES_A_COMMIT = 4;

  @TempDir Path folder;

  private final List<Change> all = changes();

  /** What the writer writes, always the same: every id in rounds, now and then a deletion. */
  private static List<Change> changes() {
    TestingVectors vectors = new TestingVectors(DIMENSION, 3);
    List<Change> changes = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < IDS; i++) {
        String id = "id-" + i;
        Version version = new Version(round, "images", 0, changes.size());
        changes.add(
            (i + round) % 31 == 0
                ? new Deletion(id, version)
                : stored(id, vectors.next(), version));
      }
    }
    // The first change of a store has to be a vector.
    changes.set(0, stored("id-0", vectors.next(), changes.get(0).version()));
    return changes;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8})
  void whatWasCommittedSurvivesAndAReplayCompletesIt(int commitsBeforeTheKill) throws Exception {
    Process writer = start();
    int committed = 0;
    try (BufferedReader lines = writer.inputReader()) {
      for (int i = 0; i < commitsBeforeTheKill; i++) {
        committed = Integer.parseInt(lines.readLine());
      }
      // Not the process itself: that would close its output, too.
      writer.toHandle().destroyForcibly();
      // What it wrote after that, until it was dead.
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        committed = Integer.parseInt(line);
      }
    }
    assertThat(writer.waitFor()).isNotZero();
    assertThat(committed).isBetween(BATCH, all.size() - 1);
    assertNothingCommittedIsLostAndAReplayCompletesIt(committed);
  }

  @ParameterizedTest
  @EnumSource(TestingKilledDirectory.Moment.class)
  void aKillInTheMiddleOfACommitOrAMergeLosesNothingThatWasCommitted(
      TestingKilledDirectory.Moment moment) throws Exception {
    Process writer = start(moment.name());
    int committed = 0;
    boolean reached = false;
    try (BufferedReader lines = writer.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(moment.name())) {
          reached = true;
          writer.toHandle().destroyForcibly();
        } else {
          committed = Integer.parseInt(line);
        }
      }
    } finally {
      writer.toHandle().destroyForcibly();
    }
    assertThat(writer.waitFor()).isNotZero();
    assertThat(reached).isTrue();
    assertThat(committed).isBetween(BATCH, all.size() - 1);
    assertNothingCommittedIsLostAndAReplayCompletesIt(committed);
  }

  private String address() {
    return "lucene:" + folder.resolve("store") + "?ram-buffer-mb=1";
  }

  private Process start(String... moment) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName(),
                address()));
    command.addAll(List.of(moment));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private void assertNothingCommittedIsLostAndAReplayCompletesIt(int committed) {
    Map<String, Change> atLeast = newest(all.subList(0, committed));
    // Another commit may have been complete when its line was lost with the process.
    Map<String, Change> atMost = newest(all.subList(0, committed + BATCH * BATCHES_A_COMMIT));
    try (VectorStore store = VectorStore.open(address(), OpenMode.write(0))) {
      for (Change change : atLeast.values()) {
        Optional<StoredVector> found = store.get(change.id());
        if (found.isPresent()) {
          assertThat(found.get()).isIn(change, atMost.get(change.id()));
        } else {
          assertThat(List.of(change, atMost.get(change.id())))
              .as(change.id())
              .anyMatch(Deletion.class::isInstance);
        }
      }
      for (int from = Math.max(0, committed - 3 * BATCH); from < all.size(); from += BATCH) {
        store.write(all.subList(from, Math.min(all.size(), from + BATCH)));
      }
      store.commit();
      Map<String, Change> newest = newest(all);
      List<String> there =
          newest.values().stream().filter(StoredVector.class::isInstance).map(Change::id).toList();
      newest
          .values()
          .forEach(
              change ->
                  assertThat(store.get(change.id()))
                      .isEqualTo(
                          change instanceof StoredVector vector
                              ? Optional.of(vector)
                              : Optional.empty()));
      assertThat(store.describe().count()).isEqualTo(there.size());
      assertThat(store.search(new TestingVectors(DIMENSION, 9).next(), 2 * IDS, Filter.NONE))
          .extracting(Hit::id)
          .containsExactlyInAnyOrderElementsOf(there);
    }
  }

  private static Map<String, Change> newest(List<Change> changes) {
    Map<String, Change> newest = new HashMap<>();
    changes.forEach(change -> newest.put(change.id(), change));
    return newest;
  }

  /** The process that is killed; says how many changes it has committed. */
  static final class Writer {
    private static final int COMMITS_BEFORE_THE_MOMENT = 3;

    private Writer() {}

    public static void main(String[] args) throws IOException {
      if (args.length == 1) {
        try (VectorStore store = VectorStore.open(args[0], OpenMode.write(0))) {
          write(store, () -> {});
        }
        return;
      }
      TestingKilledDirectory.Moment moment = TestingKilledDirectory.Moment.valueOf(args[1]);
      StoreAddress address = StoreAddress.parse(args[0]);
      LuceneSettings settings =
          new LuceneSettings(args[0], Path.of(address.target()), address.metric(), 10, 1);
      Path shard = Files.createDirectories(settings.root().resolve("shard-0"));
      TestingKilledDirectory directory =
          new TestingKilledDirectory(FSDirectory.open(shard), moment);
      int[] commits = {0};
      try (VectorStore store = LuceneStore.open(settings, OpenMode.write(0), directory)) {
        write(
            store,
            () -> {
              if (++commits[0] == COMMITS_BEFORE_THE_MOMENT) {
                directory.arm();
                if (moment.isOfAMerge()) {
                  store.optimize();
                }
              }
            });
      }
    }

    private static void write(VectorStore store, Runnable afterCommit) {
      List<Change> all = changes();
      for (int i = 0; i * BATCH < all.size(); i++) {
        int to = Math.min(all.size(), (i + 1) * BATCH);
        store.write(all.subList(i * BATCH, to));
        if (i % BATCHES_A_COMMIT == BATCHES_A_COMMIT - 1) {
          store.commit();
          System.out.println(to);
          afterCommit.run();
        }
      }
    }
  }
}
