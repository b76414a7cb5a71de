// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.WriteResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A vector store in the memory of this process, for tests: a job is given its {@link #address()},
 * and the test looks here at what arrived, or makes it fail.
 *
 * <pre>{@code
 * MemoryStore store = MemoryStore.named("photos");
 * stream.sinkTo(VectorStoreSink.builder(store.address(), Photos::vector).build());
 * env.execute();
 * assertThat(store.vectors()).containsOnlyKeys("a.jpg", "b.jpg");
 * }</pre>
 *
 * <p>It does what every store has to do ({@link VectorStoreContract}). Stores of one name are one
 * store as long as the process runs, so a test takes a name of its own. May be used by several
 * threads.
 */
@PublicEvolving
public final class MemoryStore {

  /** What addresses begin with. */
  static final String SCHEME = "memory";

  private static final Map<String, MemoryStore> STORES = new ConcurrentHashMap<>();

  /** More batches than any test writes. */
  private static final int ANY = 1_000_000;

  private final String name;
  private final Semaphore allowed = new Semaphore(ANY);
  private final Map<String, Change> written = new HashMap<>();
  private final Map<String, Change> committed = new HashMap<>();
  private final List<Integer> batches = new ArrayList<>();
  private Optional<CollectionSpec> collection = Optional.empty();
  private int failures;
  private @Nullable StoreException broken;
  private @Nullable Throwable brokenClose;
  private int closings;

  private MemoryStore(String name) {
    this.name = name;
  }

  /** The store of that name; an empty one if there was none. */
  public static MemoryStore named(String name) {
    return STORES.computeIfAbsent(name, MemoryStore::new);
  }

  /** {@code memory:NAME}, by which a job finds it. */
  public String address() {
    return SCHEME + ":" + name;
  }

  /** The vectors that were committed, by id. */
  public synchronized Map<String, StoredVector> vectors() {
    Map<String, StoredVector> vectors = new HashMap<>();
    committed.forEach(
        (id, change) -> {
          if (change instanceof StoredVector vector) {
            vectors.put(id, vector);
          }
        });
    return Map.copyOf(vectors);
  }

  /** What was committed last for each id, deletions included. */
  public synchronized Map<String, Change> committed() {
    return Map.copyOf(committed);
  }

  /** What was written last for each id, committed or not, deletions included. */
  public synchronized Map<String, Change> written() {
    return Map.copyOf(written);
  }

  /** How many changes each batch had that was written, in order. */
  public synchronized List<Integer> batches() {
    return List.copyOf(batches);
  }

  /** How often it was closed. */
  public synchronized int closings() {
    return closings;
  }

  /** The next {@code times} attempts to write fail in a way that passes. */
  public synchronized void failWrites(int times) {
    failures = times;
  }

  /** How many attempts to write are still to fail. */
  public synchronized int failuresLeft() {
    return failures;
  }

  /** Every attempt to write fails by this; null mends it. */
  public synchronized void breakWrites(@Nullable StoreException failure) {
    broken = failure;
  }

  /**
   * Closing fails by this; null mends it.
   *
   * @param failure unchecked
   */
  public synchronized void breakClosing(@Nullable Throwable failure) {
    if (failure instanceof Exception && !(failure instanceof RuntimeException)) {
      throw new IllegalArgumentException("needed: an unchecked exception or an error", failure);
    }
    brokenClose = failure;
  }

  /** Attempts to write wait from here on, until {@link #resumeWrites}. */
  public void pauseWrites() {
    allowed.drainPermits();
  }

  /** Lets attempts to write go on. */
  public void resumeWrites() {
    allowed.release(ANY - allowed.availablePermits());
  }

  /**
   * What a store opened like this is for.
   *
   * @throws StoreException if it is missing, or holds something else
   */
  synchronized void open(OpenMode mode, Similarity metric) {
    if (collection.isEmpty()) {
      collection = mode.forNew(address());
    }
    if (collection.isPresent()) {
      mode.requireExpected(address(), collection.get());
      collection.get().requireMetric(address(), metric);
    }
  }

  WriteResult write(List<? extends Change> changes, Similarity metric) {
    try {
      allowed.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(address() + ": interrupted while writes are paused", e);
    }
    synchronized (this) {
      if (broken != null) {
        throw broken;
      }
      if (failures > 0) {
        failures--;
        throw StoreException.passing(address() + ": not now", null);
      }
      batches.add(changes.size());
      if (collection.isEmpty()) {
        collection = ChangeBatch.collectionOf(address(), changes, metric);
        if (collection.isEmpty()) {
          return ChangeBatch.allRefused(changes, metric);
        }
      }
      ChangeBatch batch = ChangeBatch.of(changes, collection.get());
      int newer = 0;
      for (Change change : batch.newest()) {
        Change known = written.get(change.id());
        if (known == null || Change.BY_AGE.compare(change, known) > 0) {
          written.put(change.id(), change);
          newer++;
        }
      }
      return batch.result(newer);
    }
  }

  synchronized Optional<CollectionSpec> collection() {
    return collection;
  }

  synchronized void commit() {
    committed.putAll(written);
  }

  synchronized void close(boolean commits) {
    closings++;
    if (brokenClose instanceof Error error) {
      throw error;
    }
    if (brokenClose != null) {
      throw (RuntimeException) brokenClose;
    }
    if (commits) {
      commit();
    }
  }
}
