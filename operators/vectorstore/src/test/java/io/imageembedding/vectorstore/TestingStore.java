// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A store in memory, {@code testing:NAME}, that fails and stops as it is told. */
public final class TestingStore implements VectorStore {
  private static final Map<String, TestingStore> STORES = new ConcurrentHashMap<>();

  /** Failures that pass, still to come. */
  public final AtomicInteger failures = new AtomicInteger();

  /** What writing throws, if anything. */
  public volatile StoreException broken;

  /** How often it was closed. */
  public volatile int closings;

  /** What closing throws, if anything. */
  public volatile Throwable brokenClose;

  /** Batches that may be written. */
  public final Semaphore batchesAllowed = new Semaphore(100_000);

  /** How many vectors it says that it has beyond those that it has. */
  public volatile int countedMore;

  /** How many of the nearest a search passes over, after the first. */
  public volatile int searchBlindness;

  /** Whether a search with a filter finds nothing. */
  public volatile boolean filterBlind;

  /** What a scan has besides. */
  public final List<StoredVector> scanned = new ArrayList<>();

  final List<Integer> batches = new ArrayList<>();
  private final Map<String, Change> written = new HashMap<>();
  private final Map<String, Change> committed = new HashMap<>();
  private final CollectionSpec collection;

  private TestingStore(CollectionSpec collection) {
    this.collection = collection;
  }

  /** The store of that name, for two-dimensional vectors of {@link TestingVectors#SPACE}. */
  public static TestingStore named(String name) {
    return STORES.computeIfAbsent(
        name,
        n -> new TestingStore(new CollectionSpec(2, Similarity.COSINE, TestingVectors.SPACE)));
  }

  public synchronized Map<String, Change> written() {
    return Map.copyOf(written);
  }

  public synchronized Map<String, Change> committed() {
    return Map.copyOf(committed);
  }

  public synchronized List<Integer> batches() {
    return List.copyOf(batches);
  }

  @Override
  public WriteResult write(List<? extends Change> changes) {
    batchesAllowed.acquireUninterruptibly();
    if (broken != null) {
      throw broken;
    }
    if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw StoreException.passing("not now", null);
    }
    synchronized (this) {
      batches.add(changes.size());
      ChangeBatch batch = ChangeBatch.of(changes, collection);
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

  /** Puts something under its id that a store would refuse. */
  public synchronized void put(StoredVector vector) {
    written.put(vector.id(), vector);
  }

  @Override
  public synchronized List<Hit> search(float[] vector, int k, Filter filter) {
    List<Hit> hits =
        vectors()
            .filter(v -> v.vector().length == collection.dimension())
            .filter(v -> filter.holds(v))
            .map(v -> hit(v, (float) TestingVectors.cosine(v.vector(), vector)))
            .filter(hit -> Float.isFinite(hit.score()))
            .sorted(Hit.NEAREST_FIRST)
            .limit(k + searchBlindness)
            .collect(Collectors.toCollection(ArrayList::new));
    if (!filter.conditions().isEmpty() && filterBlind) {
      return List.of();
    }
    hits.subList(Math.min(1, hits.size()), Math.min(1 + searchBlindness, hits.size())).clear();
    return hits;
  }

  private static Hit hit(StoredVector vector, float cosine) {
    return new Hit(vector.id(), cosine, vector.version(), vector.image());
  }

  @Override
  public Optional<StoredVector> get(String id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized List<StoredVector> scan(String after, int most) {
    return Stream.concat(vectors(), scanned.stream())
        .sorted(Comparator.comparing(StoredVector::id, TestingVectors.BY_CODE_POINTS))
        .filter(v -> after == null || TestingVectors.BY_CODE_POINTS.compare(v.id(), after) > 0)
        .limit(Math.max(0, most))
        .toList();
  }

  @Override
  public synchronized List<StoredVector> newest(int most) {
    return vectors()
        .sorted(Comparator.comparing(StoredVector::version).reversed())
        .limit(Math.max(0, most))
        .toList();
  }

  private Stream<StoredVector> vectors() {
    return written.values().stream()
        .filter(StoredVector.class::isInstance)
        .map(StoredVector.class::cast);
  }

  @Override
  public synchronized StoreDescription describe() {
    return new StoreDescription(
        "testing", vectors().count() + countedMore, Optional.of(collection), Map.of());
  }

  @Override
  public synchronized void commit() {
    committed.putAll(written);
  }

  @Override
  public void optimize() {}

  @Override
  public synchronized void close() {
    closings++;
    if (brokenClose instanceof RuntimeException failure) {
      throw failure;
    }
    if (brokenClose instanceof Error error) {
      throw error;
    }
  }

  /** Finds stores by name. */
  public static final class Kind implements VectorStoreProvider {
    @Override
    public String scheme() {
      return "testing";
    }

    @Override
    public String form() {
      return scheme() + ":NAME";
    }

    @Override
    public void check(StoreAddress address) {}

    @Override
    public VectorStore open(StoreAddress address, OpenMode mode) {
      return named(address.target());
    }
  }
}
