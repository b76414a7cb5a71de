// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.tool;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TextOrder;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A sound store as it would answer if it were damaged, in the ways that it is told to. */
final class TestingLies implements VectorStore {

  /** How many vectors it says that it has beyond those that it has. */
  int countedMore;

  /** How many of the nearest a search passes over, after the first. */
  int searchBlindness;

  /** Whether a search with a filter finds nothing. */
  boolean filterBlind;

  /** What a scan has besides. */
  final List<StoredVector> scanned = new ArrayList<>();

  private final VectorStore store;
  private final Map<String, StoredVector> damaged = new HashMap<>();

  TestingLies(VectorStore store) {
    this.store = store;
  }

  /** Says that this is under its id, though no store would take it. */
  void put(StoredVector vector) {
    damaged.put(vector.id(), vector);
  }

  @Override
  public WriteResult write(List<? extends Change> changes) {
    return store.write(changes);
  }

  @Override
  public List<Hit> search(float[] vector, int k, Filter filter) {
    if (!filter.conditions().isEmpty() && filterBlind) {
      return List.of();
    }
    List<Hit> hits =
        new ArrayList<>(store.search(vector, k + searchBlindness + damaged.size(), filter));
    hits.removeIf(hit -> damaged.containsKey(hit.id()));
    hits.subList(Math.min(1, hits.size()), Math.min(1 + searchBlindness, hits.size())).clear();
    return hits.subList(0, Math.min(k, hits.size()));
  }

  @Override
  public Optional<StoredVector> get(String id) {
    return damaged.containsKey(id) ? Optional.of(damaged.get(id)) : store.get(id);
  }

  @Override
  public List<StoredVector> scan(String after, int most) {
    Stream<StoredVector> sound =
        store.scan(null, 10_000).stream().filter(each -> !damaged.containsKey(each.id()));
    return Stream.of(sound, damaged.values().stream(), scanned.stream())
        .flatMap(each -> each)
        .sorted(Comparator.comparing(StoredVector::id, TextOrder.BY_BYTES))
        .filter(each -> after == null || TextOrder.BY_BYTES.compare(each.id(), after) > 0)
        .limit(Math.max(0, most))
        .toList();
  }

  @Override
  public List<StoredVector> newest(int most) {
    return store.newest(most);
  }

  @Override
  public StoreDescription describe() {
    StoreDescription sound = store.describe();
    Optional<CollectionSpec> collection = sound.collection();
    return new StoreDescription(
        sound.store(), sound.count() + countedMore, collection, sound.details());
  }

  @Override
  public void commit() {
    store.commit();
  }

  @Override
  public void optimize() {
    store.optimize();
  }

  @Override
  public void close() {
    store.close();
  }
}
