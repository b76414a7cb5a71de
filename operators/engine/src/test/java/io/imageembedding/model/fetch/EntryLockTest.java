// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class EntryLockTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofHours(1);

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("entry.lock");
  }

  @Test
  void anotherThreadIsNotWaitedForForEver() throws Exception {
    try (EntryLock held = EntryLock.acquire(file, SHORT)) {
      FutureTask<EntryLock> task = inThread(SHORT);
      assertThatThrownBy(task::get).hasCauseInstanceOf(TimeoutException.class);
    }
    EntryLock.acquire(file, SHORT).close();
  }

  @Test
  void anotherClassLoaderIsNotWaitedForForEver() throws Exception {
    try (FileChannel held =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      assertThat(held.tryLock()).isNotNull();
      assertThatThrownBy(() -> EntryLock.acquire(file, SHORT)).isInstanceOf(TimeoutException.class);
    }
    EntryLock.acquire(file, SHORT).close();
  }

  /** Another process; prints whether the file is locked. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] arguments) throws IOException {
      try (FileChannel channel =
          FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
        System.out.print(channel.tryLock() == null ? "locked" : "free");
      }
    }
  }

  private String probe() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void whoeverDoesNotGetItDoesNotEndTheLockOfAnotherClassLoader() throws Exception {
    try (FileChannel held =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      assertThat(held.tryLock()).isNotNull();

      assertThat(EntryLock.tryAcquire(file)).isEmpty();
      assertThatThrownBy(() -> EntryLock.acquire(file, SHORT)).isInstanceOf(TimeoutException.class);

      assertThat(probe()).isEqualTo("locked");
    }
    Files.delete(file);
    try (EntryLock mine = EntryLock.acquire(file, SHORT)) {
      assertThat(probe()).isEqualTo("locked");
    }
    assertThat(probe()).isEqualTo("free");
  }

  @Test
  void whoeverWaitsGetsItWhenItIsFree() throws Exception {
    FutureTask<EntryLock> task;
    try (EntryLock held = EntryLock.acquire(file, SHORT)) {
      task = inThread(LONG);
    }
    assertThat(task.get()).isNotNull();
  }

  @Test
  void waitingEndsWithAnInterrupt() throws Exception {
    try (FileChannel held =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      assertThat(held.tryLock()).isNotNull();
      FutureTask<EntryLock> task = new FutureTask<>(() -> EntryLock.acquire(file, LONG));
      Thread thread = new Thread(task);
      thread.start();
      Awaitility.await()
          .atMost(Duration.ofSeconds(50))
          .until(() -> thread.getState() == Thread.State.TIMED_WAITING);

      thread.interrupt();

      assertThatThrownBy(task::get).hasCauseInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void theMessageSaysWhatIsHeldAndHowToFindByWhom() throws Exception {
    ModelCache cache = new ModelCache(folder, null, SHORT);
    try (EntryLock held = cache.lock("entry", "m")) {
      FutureTask<EntryLock> task = new FutureTask<>(() -> cache.lock("entry", "other"));
      new Thread(task).start();
      assertThatThrownBy(task::get)
          .hasCauseInstanceOf(ModelException.class)
          .hasMessageContaining(
              "model other: another task or process has held "
                  + file
                  + " for 300 ms, which is the limit; 'fuser "
                  + file
                  + "' tells which process that is");
    }
  }

  private FutureTask<EntryLock> inThread(Duration longest) {
    FutureTask<EntryLock> task = new FutureTask<>(() -> EntryLock.acquire(file, longest));
    new Thread(task).start();
    return task;
  }
}
