// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What every kind of store on a server has to do besides. */
public abstract class ServerStoreContract extends AddressedStore {

  /** Features of {@link #vectors}. */
  protected static final int DIMENSION = 64;

  /** Waits for a server that is started again. */
  protected static final RetryPolicy PATIENT =
      new RetryPolicy(Duration.ofMillis(50), Duration.ofMillis(500), Duration.ofMinutes(1));

  /** Gives a server up in less than a second. */
  protected static final RetryPolicy BRIEF =
      new RetryPolicy(Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(600));

  private static final int BATCH = 50;

  protected final TestingVectors vectors = new TestingVectors(DIMENSION, 11);

  /** A server of this test's own, to be killed. */
  protected abstract TestingServer startServer() throws Exception;

  /** This test's store on a server. */
  protected abstract String on(String server);

  /** What the address of a server begins with. */
  protected abstract String scheme();

  /** Vectors {@code id-FROM} to {@code id-TO}. */
  protected final List<StoredVector> some(int from, int to, long timestamp) {
    return IntStream.range(from, to)
        .mapToObj(i -> stored("id-" + i, vectors.next(), Version.at(timestamp)))
        .toList();
  }

  @Test
  void writersThatMakeTheStoreAtOnceAgreeOnTheNewest() throws Exception {
    int writers = 4;
    int ids = 60;
    List<List<StoredVector>> rounds = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      rounds.add(some(0, ids, round));
    }
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        List<StoredVector> all = new ArrayList<>();
        rounds.forEach(all::addAll);
        Collections.shuffle(all, new Random(i));
        OpenMode mode = OpenMode.write(i).retrying(PATIENT);
        done.add(
            threads.submit(
                () -> {
                  try (VectorStore store = VectorStore.open(address(), mode)) {
                    write(store, all, new AtomicInteger());
                  }
                }));
      }
      for (Future<?> one : done) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
      assertThat(store.describe().count()).isEqualTo(ids);
      assertThat(scan(store, ids)).containsExactlyInAnyOrderElementsOf(rounds.get(9));
    }
  }

  private static void write(VectorStore store, List<StoredVector> all, AtomicInteger written) {
    for (int from = 0; from < all.size(); from += BATCH) {
      List<StoredVector> batch = all.subList(from, Math.min(all.size(), from + BATCH));
      store.upsert(batch);
      written.addAndGet(batch.size());
    }
    store.commit();
  }

  @Test
  void aServerThatIsKilledInMidWriteLosesNothing() throws Exception {
    int ids = 2000;
    List<StoredVector> all = new ArrayList<>(some(0, ids, 1));
    all.addAll(some(0, ids, 2));
    ExecutorService thread = Executors.newSingleThreadExecutor();
    // Not the one of the other tests, and not one that the environment names.
    try (TestingServer victim = startServer();
        VectorStore store =
            VectorStore.open(on(victim.address()), OpenMode.write(0).retrying(PATIENT))) {
      store.upsert(all.subList(0, BATCH));
      AtomicInteger written = new AtomicInteger();
      Future<?> writing = thread.submit(() -> write(store, all, written));
      for (int kills = 1; kills <= 2; kills++) {
        int some = kills * 500;
        Awaitility.await()
            .pollInterval(Duration.ofMillis(1))
            .until(() -> written.get() >= some || writing.isDone());
        assertThat(writing.isDone()).isFalse();
        victim.kill();
        victim.startAgain();
      }
      writing.get();
      assertThat(store.upsert(all).stale()).isEqualTo(all.size());
      assertThat(store.describe().count()).isEqualTo(ids);
      assertThat(scan(store, 500)).containsExactlyInAnyOrderElementsOf(all.subList(ids, 2 * ids));
      assertThat(store.search(all.get(ids).vector(), ids, Filter.NONE))
          .hasSize(ids)
          .extracting(Hit::id)
          .doesNotHaveDuplicates();
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void aServerThatIsNotThereIsWaitedForAndThenOneClearLine() {
    String nobody = on(scheme() + "://127.0.0.1:1/db");
    long start = System.nanoTime();
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(nobody, OpenMode.read().retrying(BRIEF)))
        .withMessageStartingWith(nobody + ": Connection ")
        .withMessageContaining("refused")
        .satisfies(
            e -> {
              assertThat(e.canPass()).isTrue();
              assertThat(e.getMessage()).doesNotContain("\n");
            });
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(500));
  }
}
