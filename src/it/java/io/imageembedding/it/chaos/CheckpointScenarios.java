// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.it.JavaProcess.Ended;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Checkpoints that fail, that are damaged, and that have no room. */
final class CheckpointScenarios {
  static final String STORAGE_FULL = "checkpoint-storage-full";

  private CheckpointScenarios() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "checkpoint-fails",
            "checkpoints that fail delay answers, and lose none",
            CheckpointScenarios::failCheckpoints),
        new Scenario(
            "newest-checkpoint-corrupt",
            "a damaged checkpoint is named, and the job goes on from an older one",
            CheckpointScenarios::damageNewest),
        new Scenario(
            STORAGE_FULL,
            "checkpoints go on when their storage has room again",
            CheckpointScenarios::fillStorage));
  }

  private static void failCheckpoints(Trial trial) throws Exception {
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    Path newest = path(trial.bed().flink().lastCheckpointPath(trial.job()));
    long failed = failed(trial);
    int number = number(newest);
    trial.strike(
        "checkpoints " + (number + 3) + " and " + (number + 4) + " find a file in their place");
    for (int next = number + 3; next <= number + 4; next++) {
      Files.writeString(newest.resolveSibling("chk-" + next), "not a folder");
    }
    trial.await("a failed checkpoint", trial.patience(), () -> failed(trial) > failed);
    trial.strike("a checkpoint failed");
    trial.awaitRecovered();
  }

  private static long failed(Trial trial) throws InterruptedException {
    try {
      return trial.bed().flink().checkpoints(trial.job(), "failed");
    } catch (IOException e) {
      return 0;
    }
  }

  private static Path path(String uri) {
    return Path.of(uri.replaceFirst("^file:(//)?", ""));
  }

  private static int number(Path checkpoint) {
    return Integer.parseInt(checkpoint.getFileName().toString().replace("chk-", ""));
  }

  /** Ends the job; the checkpoints that it leaves, the newest first. */
  static List<Path> cancel(Trial trial) throws IOException, InterruptedException {
    Path newest = path(trial.bed().flink().lastCheckpointPath(trial.job()));
    trial.cancel();
    try (Stream<Path> all = Files.list(newest.getParent())) {
      return all.filter(each -> Files.exists(each.resolve("_metadata")))
          .sorted(Comparator.comparing(CheckpointScenarios::number).reversed())
          .toList();
    }
  }

  private static void damageNewest(Trial trial) throws Exception {
    int half = trial.records() / 2;
    trial.feed(0, half);
    trial.submit();
    trial.awaitAnswered(0.2);
    List<Path> kept = cancel(trial);
    Path metadata = kept.get(0).resolve("_metadata");
    byte[] whole = Files.readAllBytes(metadata);
    Files.write(metadata, Arrays.copyOf(whole, whole.length / 2));
    trial.strike("the newest of " + kept.size() + " checkpoints is cut short");
    Ended refused = trial.submitByCommand("--restore", kept.get(0).toString());
    trial.require(
        refused.exitCode() == 1 && refused.err().contains(kept.get(0).toString()),
        "the damaged checkpoint is not named: " + refused);
    trial.option("execution.state-recovery.path", kept.get(1).toUri().toString());
    // Readers have what came after the older one already.
    trial.mayRepeat(trial.answers().answered());
    trial.submit();
    trial.feed(half, trial.records());
    trial.awaitRecovered();
  }

  private static void fillStorage(Trial trial) throws Exception {
    Path storage = Files.createDirectories(trial.folder().resolve("small"));
    if (!mount(storage)) {
      throw new Scenario.SkippedException("a file system of 2 MB cannot be mounted here");
    }
    try {
      trial.option(
          "execution.checkpointing.dir", storage.resolve("checkpoints").toUri().toString());
      trial.feed();
      trial.submit();
      trial.awaitAnswered(0.2);
      Path filler = storage.resolve("filler");
      long failed = failed(trial);
      fill(filler);
      trial.strike("the checkpoints' storage is full");
      trial.await("a failed checkpoint", trial.patience(), () -> failed(trial) > failed);
      Files.delete(filler);
      trial.strike("it has room again");
      trial.awaitRecovered();
      trial.awaitAnswered(1);
      trial.cancel();
    } finally {
      unmount(storage);
    }
  }

  /** Whether a small file system can be made here, for which one has to be root. */
  static boolean canFillStorage() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("image-embedding-mount-");
    boolean mounted = mount(folder);
    if (mounted) {
      unmount(folder);
    }
    Files.delete(folder);
    return mounted;
  }

  private static boolean mount(Path folder) throws IOException, InterruptedException {
    return run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder.toString());
  }

  private static void unmount(Path folder) throws IOException, InterruptedException {
    run("umount", "-l", folder.toString());
  }

  private static void fill(Path file) throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(file)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      if (!e.getMessage().contains("No space left")) {
        throw e;
      }
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
  }
}
