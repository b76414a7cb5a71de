// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.CrashNotes.Past;
import io.imageembedding.testkit.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashFenceTest {
  private static final int ABORTED = 134;
  private static final Refusal TOO_LONG =
      new Refusal(Refusal.Stage.IMAGE, "TOO_LARGE", "the image takes longer to decode");

  @TempDir Path folder;

  /** How many images each run of the model had. */
  private final List<Integer> runs = new ArrayList<>();

  private int inBackground;

  @Test
  void anImageThatAbortsTheProcessDoesSoTwiceAndIsThenADeadLetter() throws Exception {
    assertThat(run()).isEqualTo(ABORTED);
    assertThat(said()).containsExactly("aborts among 4");
    assertThat(run()).isEqualTo(ABORTED);
    assertThat(said()).containsExactly("aborts among 1");
    assertThat(run()).isZero();
    assertThat(said())
        .containsExactlyElementsOf(
            IntStream.range(0, 12)
                .mapToObj(i -> i + (i == CrashingProcess.KILLER ? " CRASHED" : " OK"))
                .toList());
  }

  @Test
  void aProcessThatLivesIsNotDeadAndOneThatWasKilledCountsOnce() throws Exception {
    Process process = CrashingProcess.start(folder, "wait");
    try {
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> !process.isAlive() || said().contains("waiting"));
      assertThat(pastsOfJob()).isEmpty();
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(pastsOfJob())
        .containsOnlyKeys("numbers/4", "numbers/5", "numbers/6", "numbers/7")
        .allSatisfy((place, past) -> assertThat(past).isEqualTo(new Past(1, false)));
    assertThat(run()).isEqualTo(ABORTED);
    assertThat(said()).containsExactly("aborts among 1");
  }

  private int run() throws IOException, InterruptedException {
    Process process = CrashingProcess.start(folder);
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }

  private List<String> said() throws IOException {
    return Files.readAllLines(folder.resolve("out"));
  }

  private Map<String, Past> pastsOfJob() throws IOException {
    try (Stream<Path> jobs = Files.list(folder.resolve("notes"))) {
      return new CrashNotes(jobs.findFirst().orElseThrow()).ofDeadProcesses();
    }
  }

  @Test
  void whateverSubtaskGetsAnImageKnowsThatItIsSuspected() throws Exception {
    dieWith("first", "a", "b");

    for (int subtask = 0; subtask < 3; subtask++) {
      try (CrashFence fence = fence("second", subtask)) {
        embed(fence, "x", "b", "y", "z");
      }
    }
    assertThat(runs).containsExactly(1, 1, 2, 1, 1, 2, 1, 1, 2);
  }

  @Test
  void whoeverIsSuspectedRunsWhileNoOtherTaskEmbedsAnything() throws Exception {
    dieWith("first", "a", "b");
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (CrashFence one = fence("second", 0);
        CrashFence other = fence("second", 1)) {
      CompletableFuture<Void> suspected =
          CompletableFuture.runAsync(
              () ->
                  waits(
                      one,
                      "a",
                      () -> {
                        running.countDown();
                        end.await();
                      }));
      running.await();
      CompletableFuture<Void> others =
          CompletableFuture.runAsync(
              () -> {
                waits(other, "x", () -> {});
                waits(other, "b", () -> {});
              });
      Awaitility.await().during(Duration.ofMillis(200)).until(() -> !others.isDone());
      end.countDown();
      CompletableFuture.allOf(suspected, others).get(1, TimeUnit.MINUTES);
    }
  }

  /** Something that takes time. */
  @FunctionalInterface
  private interface Work {
    void run() throws InterruptedException;
  }

  private static void waits(CrashFence fence, String place, Work work) {
    try {
      fence.embed(
          List.of(place),
          (from, to) -> {
            try {
              work.run();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return List.of(answer());
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anImageThatPassesAloneIsNoMoreSuspected() throws Exception {
    dieWith("first", "a");
    try (CrashFence fence = fence("second", 0)) {
      embed(fence, "a", "b");
      embed(fence, "a", "b");
    }
    assertThat(runs).containsExactly(1, 1, 2);
  }

  @Test
  void onlyADeathAloneAfterADeathConvicts() throws Exception {
    dieWith("first", "a", "b", "c");
    dieWith("second", "x", "y");
    dieWith("third", "a");

    try (CrashFence fence = fence("fourth", 0)) {
      List<Outcome> outcomes = embed(fence, "a", "b", "x");
      assertThat(outcomes.get(0))
          .isInstanceOfSatisfying(
              Refusal.class,
              refusal -> {
                assertThat(refusal.code()).isEqualTo(Refusal.CRASHED);
                assertThat(refusal.message()).contains("died 2 times");
              });
      assertThat(outcomes).hasSize(3);
    }
    assertThat(runs).containsExactly(1, 1);
  }

  @Test
  void anImageThatIsStuckForEverKeepsNoOtherFromBeingConvicted() throws Exception {
    for (int death = 1; death <= 4; death++) {
      String process = "process-" + death;
      inBackground = 0;
      CrashFence fence = fence(process, 0);
      assertThat(fence.embed(List.of("stuck"), (from, to) -> List.of(TOO_LONG)))
          .containsExactly(TOO_LONG);
      inBackground = 1;
      fence.embed(List.of("stuck"), (from, to) -> List.of(TOO_LONG));
      dieWith(fence, process, "killer");
    }

    inBackground = 0;
    try (CrashFence fence = fence("last", 0)) {
      assertThat(embed(fence, "stuck", "sound", "killer"))
          .extracting(outcome -> ((Refusal) outcome).code())
          .containsExactly("EMPTY", "EMPTY", Refusal.CRASHED);
    }
    assertThat(runs).containsExactly(1, 1);
  }

  @Test
  void aBatchThatEndedOrFailedInJavaLeavesNothing() throws Exception {
    CrashFence fence = fence("first", 0);
    embed(fence, "a", "b");
    assertThatThrownBy(
            () ->
                fence.embed(
                    List.of("c"),
                    (from, to) -> {
                      throw new IllegalStateException("the model is broken");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(notes("second").ofDeadProcesses()).isEmpty();
    fence.close();
    assertThat(files()).isEmpty();
  }

  @Test
  void anImageThatIsStillDecodedInTheBackgroundStaysNoted() throws Exception {
    CrashFence fence = fence("first", 0);
    inBackground = 1;
    fence.embed(List.of("a", "b"), (from, to) -> List.of(TOO_LONG, answer()));
    embed(fence, "c");
    assertThat(notes("second").ofDeadProcesses()).containsOnlyKeys("a");
    inBackground = 0;
    embed(fence, "d");
    assertThat(notes("third").ofDeadProcesses()).isEmpty();
  }

  @Test
  void elementsWithoutAPlaceAreEmbeddedUnfenced() throws Exception {
    CrashFence fence = fence("first", 0);
    fence.embed(
        Collections.nCopies(2, null),
        (from, to) -> {
          assertThat(notes("second").ofDeadProcesses()).isEmpty();
          return List.of(answer(), answer());
        });
    assertThat(notes("third").ofDeadProcesses()).isEmpty();
  }

  @Test
  void notesThatAreDamagedOrMadeByOthersAreIgnored() throws Exception {
    dieWith("first", "a");
    byte[] sound = Files.readAllBytes(files().get(0));
    for (int i = 0; i < 64; i++) {
      byte[] damaged = sound.clone();
      damaged[i] ^= (byte) 0x80;
      Files.write(folder.resolve("damaged-" + i + CrashNote.SUFFIX), damaged);
      Files.write(folder.resolve("cut-" + i + CrashNote.SUFFIX), Arrays.copyOf(sound, i));
    }
    Files.write(folder.resolve("large" + CrashNote.SUFFIX), new byte[CrashNote.LARGEST + 1]);
    Files.createDirectory(folder.resolve("directory" + CrashNote.SUFFIX));
    Files.createSymbolicLink(folder.resolve("link" + CrashNote.SUFFIX), Path.of("/dev/zero"));

    assertThat(notes("second").ofDeadProcesses()).isEqualTo(Map.of("a", new Past(1, false)));
    try (CrashFence fence = fence("third", 0)) {
      assertThat(embed(fence, "x", "y")).hasSize(2);
    }
  }

  @Test
  void oldNotesAreForgottenAndTheirNumberIsBounded() throws Exception {
    for (int i = 0; i < 300; i++) {
      dieWith("process-" + i, "place-" + i);
    }
    Path old = folder.resolve("old" + CrashNote.SUFFIX);
    Files.copy(files().get(0), old);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(8))));

    assertThat(notes("next").ofDeadProcesses()).hasSize(256);
    assertThat(files()).hasSize(256).doesNotContain(old);
  }

  @Test
  void aFolderThatIsNamedAndCannotBeUsedFailsTheJobForGood() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    try (var harness = harness(file.toString())) {
      assertThatThrownBy(harness::open)
          .isInstanceOf(NoRestartException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("image-embedding.crash-fence.dir");
    }
  }

  @Test
  void withoutANameTheFolderIsTheUsersOwn() throws Exception {
    assertThat(FenceFolder.notes(null, folder, "job")).isPresent();
    Path own = files().get(0);
    assertThat(Files.getPosixFilePermissions(own))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    assertThat(FenceFolder.notes(null, folder, "job")).isPresent();

    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(FenceFolder.notes(null, folder, "job")).isEmpty();
    assertThat(FenceFolder.notes(FenceOptions.NONE, folder, "job")).isEmpty();
  }

  private static OneInputStreamOperatorTestHarness<MicroBatch<byte[]>, MicroBatch<Embedded<byte[]>>>
      harness(String fenceDir) throws Exception {
    return new OneInputStreamOperatorTestHarness<>(
        new StreamMap<>(
            new EmbedFunction<>(
                bytes -> bytes,
                TinyModel.ofDimension(2),
                null,
                EmbedSettings.ofBatches(4),
                null,
                fenceDir)));
  }

  /** As if a process had died in the middle of a batch: its note is never cleared. */
  private void dieWith(String process, String... places) throws IOException {
    dieWith(fence(process, 0), process, places);
  }

  private void dieWith(CrashFence fence, String process, String... places) throws IOException {
    assertThatThrownBy(
            () ->
                fence.embed(
                    List.of(places),
                    (from, to) -> {
                      for (Path file : files()) {
                        if (file.getFileName().toString().startsWith(process + "_")) {
                          Files.copy(file, folder.resolve("dead-" + file.getFileName()));
                        }
                      }
                      throw new IllegalStateException("dies");
                    }))
        .hasMessage("dies");
    fence.close();
  }

  private CrashNotes notes(String process) throws IOException {
    return new CrashNotes(folder, process);
  }

  private CrashFence fence(String process, int subtask) throws IOException {
    return CrashFence.open(
        notes(process),
        subtask,
        8,
        () -> inBackground,
        new EmbedMetrics(UnregisteredMetricsGroup.createOperatorMetricGroup(), List.of()));
  }

  private List<Outcome> embed(CrashFence fence, String... places) throws IOException {
    return fence.embed(
        List.of(places),
        (from, to) -> {
          runs.add(to - from);
          return IntStream.range(from, to).mapToObj(i -> answer()).toList();
        });
  }

  private static Outcome answer() {
    return new Refusal(Refusal.Stage.IMAGE, "EMPTY", "the image has no bytes");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    }
  }
}
