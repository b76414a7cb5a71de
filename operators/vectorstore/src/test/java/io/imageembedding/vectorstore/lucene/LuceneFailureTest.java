// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import static io.imageembedding.vectorstore.TestingVectors.SPACE;
import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Other processes, full disks and damaged folders, as they really are. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LuceneFailureTest {
  private static final int DIMENSION = 256;

  @TempDir Path folder;

  private String address() {
    return "lucene:" + folder.resolve("store");
  }

  private static List<StoredVector> some(int from, int to) {
    TestingVectors vectors = new TestingVectors(DIMENSION, from + 1);
    return IntStream.range(from, to)
        .mapToObj(i -> stored("id-" + i, vectors.next(), Version.at(1)))
        .toList();
  }

  private static String java(Class<?> main, String address) {
    return "'%s' -cp '%s' '%s' '%s'"
        .formatted(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            main.getName(),
            address);
  }

  private static Process shell(String script) throws IOException {
    return new ProcessBuilder("sh", "-c", script)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void aLockThatAnotherProcessHoldsIsOneLineUntilThatProcessIsGone() throws Exception {
    Process holder = shell("exec " + java(Holder.class, address()));
    try (BufferedReader lines = holder.inputReader(StandardCharsets.UTF_8)) {
      assertThat(lines.readLine()).isEqualTo("writing");
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(
              () -> VectorStore.open(address(), OpenMode.write(0).retrying(RetryPolicy.NONE)))
          .withMessageStartingWith(
              address() + ": shard 0 is being written to by another process or store (")
          .withMessageContaining("write.lock")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
      try (VectorStore reader = VectorStore.open(address(), OpenMode.read());
          VectorStore second = VectorStore.open(address(), OpenMode.write(1))) {
        assertThat(reader.describe().count()).isEqualTo(1);
        assertThat(second.get("id-0")).isPresent();
      }
    } finally {
      // Not the process itself: that would close its output, too.
      holder.toHandle().destroyForcibly();
    }
    holder.waitFor();
    try (VectorStore store = VectorStore.open(address(), OpenMode.write(0))) {
      assertThat(store.describe().count()).isEqualTo(1);
    }
  }

  @Test
  void aLockIsWaitedForUntilItsHolderIsGone() throws Exception {
    Process holder = shell("exec " + java(Holder.class, address()));
    try (BufferedReader lines = holder.inputReader(StandardCharsets.UTF_8)) {
      assertThat(lines.readLine()).isEqualTo("writing");
      CompletableFuture<VectorStore> second =
          CompletableFuture.supplyAsync(() -> VectorStore.open(address(), waiting(120)));
      Awaitility.await().during(Duration.ofMillis(700)).until(() -> !second.isDone());
      holder.toHandle().destroyForcibly();
      try (VectorStore store = second.get(100, TimeUnit.SECONDS)) {
        assertThat(store.describe().count()).isEqualTo(1);
      }
    } finally {
      holder.toHandle().destroyForcibly();
    }
  }

  @Test
  void aLockOfThisProcessIsWaitedForAsLongAsTheRetryTimeSaysAndNotLonger() {
    try (VectorStore first = VectorStore.open(address(), OpenMode.write(0))) {
      long start = System.nanoTime();
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> VectorStore.open(address(), waiting(1)))
          .withMessageStartingWith(address() + ": shard 0 is being written to by another")
          .matches(StoreException::canPass);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
      assertThat(first.describe().count()).isZero();
    }
  }

  @Test
  void anInterruptEndsTheWaitForALockAndStaysSet() throws Exception {
    try (VectorStore first = VectorStore.open(address(), OpenMode.write(0))) {
      CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
      Thread task =
          new Thread(
              () -> {
                try {
                  VectorStore.open(address(), waiting(3600)).close();
                } catch (StoreException e) {
                  interrupted.complete(Thread.currentThread().isInterrupted());
                }
              });
      task.start();
      Awaitility.await().until(() -> task.getState() == Thread.State.TIMED_WAITING);
      task.interrupt();
      assertThat(interrupted.get(60, TimeUnit.SECONDS)).isTrue();
      assertThat(first.describe().count()).isZero();
    }
  }

  private static OpenMode waiting(int seconds) {
    return OpenMode.write(0)
        .retrying(
            new RetryPolicy(
                Duration.ofMillis(50), Duration.ofMillis(200), Duration.ofSeconds(seconds)));
  }

  @Test
  void aWriteThatWaitedForItsTurnWhileTheStoreWasClosedWritesNothing() throws Exception {
    VectorStore store = VectorStore.open(address(), OpenMode.write(0));
    store.upsert(some(0, 10));
    CountDownLatch closed = new CountDownLatch(1);
    CompletableFuture<Integer> after =
        CompletableFuture.supplyAsync(
            () -> {
              int written = 0;
              try {
                for (int i = 10; ; i += 10) {
                  boolean wasClosed = closed.getCount() == 0;
                  store.upsert(some(i, i + 10));
                  assertThat(wasClosed).isFalse();
                  written = i + 10;
                }
              } catch (StoreException e) {
                assertThat(e).hasMessage(address() + " is closed");
                return Math.max(written, 10);
              }
            });
    store.close();
    closed.countDown();
    int written = after.get(60, TimeUnit.SECONDS);
    try (VectorStore again = VectorStore.open(address(), OpenMode.read())) {
      assertThat(again.describe().count()).isEqualTo(written);
    }
  }

  /** Writes, and holds the lock until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      try (VectorStore store = VectorStore.open(args[0], OpenMode.write(0))) {
        store.upsert(some(0, 1));
        store.commit();
        System.out.println("writing");
        Thread.sleep(Long.MAX_VALUE);
      }
    }
  }

  @Test
  void aDiskThatGetsFullLosesNothingThatWasCommitted() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    String mount = "mount -t tmpfs -o size=2m tmpfs '" + disk + "'";
    // A file system that only the process sees, which ends with it.
    String alone = "unshare --map-root-user --mount sh -c ";
    assumeTrue(
        shell(alone + "\"" + mount + "\"").waitFor() == 0,
        "skipped: no file system can be mounted here");
    String address = "lucene:" + disk.resolve("store");
    Path script =
        Files.writeString(
            folder.resolve("fill.sh"), mount + " && exec " + java(Filler.class, address));

    Process filler = shell(alone + "\"exec sh '" + script + "'\"");
    List<String> lines;
    try (BufferedReader output = filler.inputReader(StandardCharsets.UTF_8)) {
      lines = output.lines().toList();
    }
    assertThat(filler.waitFor()).as(lines.toString()).isZero();
    int committed = Integer.parseInt(lines.get(1));
    assertThat(lines)
        .containsExactly(
            address + ": the disk is full; what was committed before is kept",
            String.valueOf(committed),
            committed + " of " + committed);
    assertThat(committed).isGreaterThan(100);
  }

  /**
   * Writes until that fails; says why, how many it had committed, and how many of them are left.
   */
  static final class Filler {
    private static final int BATCH = 50;

    private Filler() {}

    public static void main(String[] args) {
      int committed = 0;
      VectorStore store = VectorStore.open(args[0], OpenMode.write(0));
      try {
        while (true) {
          store.upsert(some(committed, committed + BATCH));
          store.commit();
          committed += BATCH;
        }
      } catch (StoreException e) {
        System.out.println(e.getMessage());
        System.out.println(committed);
      }
      try {
        store.close();
      } catch (StoreException e) {
        // It says once more what it said before.
      }
      try (VectorStore again = VectorStore.open(args[0], OpenMode.read())) {
        List<StoredVector> expected =
            IntStream.range(0, committed / BATCH)
                .mapToObj(i -> some(i * BATCH, (i + 1) * BATCH))
                .flatMap(List::stream)
                .toList();
        long left =
            expected.stream().filter(v -> again.get(v.id()).filter(v::equals).isPresent()).count();
        System.out.println(left + " of " + expected.size());
      }
    }
  }

  @Test
  void aFolderOfAnotherFormatIsRefusedNamingBoth() throws IOException {
    fill();
    Path description = folder.resolve("store/collection.json");
    Files.writeString(
        description, Files.readString(description).replace("\"format\":\"1\"", "\"format\":\"2\""));
    refused(address() + " has format 2; this version reads format 1");
  }

  @Test
  void aDescriptionThatIsDamagedOrGoneIsOneLine() throws IOException {
    fill();
    Path description = folder.resolve("store/collection.json");
    Files.writeString(description, "{\"dimension\":");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address(), OpenMode.read()))
        .withMessageStartingWith(description + " is damaged: ")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    Files.delete(description);
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address(), OpenMode.write(0)))
        .withMessage(address() + " is damaged: its description is missing");
    try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
      for (ThrowingCallable reading :
          List.<ThrowingCallable>of(
              () -> store.get("id-0"),
              () -> store.scan("", 10),
              () -> store.newest(10),
              () -> store.search(some(0, 1).get(0).vector(), 3, Filter.NONE),
              store::describe)) {
        assertThatExceptionOfType(StoreException.class)
            .isThrownBy(reading)
            .withMessage(address() + " is damaged: its description is missing");
      }
    }
  }

  @Test
  void anIndexThatIsDamagedIsOneLine() throws IOException {
    fill();
    try (var files = Files.list(folder.resolve("store/shard-0"))) {
      Path vectors =
          files.filter(file -> file.toString().endsWith(".vec")).findFirst().orElseThrow();
      Files.write(vectors, new byte[] {1, 2, 3});
    }
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(
            () -> {
              try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
                store.get("id-0");
              }
            })
        .withMessageStartingWith(address() + ": the index is damaged: ")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private void fill() {
    try (VectorStore store = VectorStore.open(address(), OpenMode.write(0))) {
      store.upsert(some(0, 10));
      assertThat(store.describe().collection().orElseThrow().space()).isEqualTo(SPACE);
    }
  }

  private void refused(String message) {
    for (OpenMode mode : List.of(OpenMode.read(), OpenMode.write(0))) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> VectorStore.open(address(), mode))
          .withMessage(message);
    }
  }
}
