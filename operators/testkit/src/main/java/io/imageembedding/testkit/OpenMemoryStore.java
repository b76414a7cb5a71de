// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import io.imageembedding.embedding.Cosine;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TextOrder;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A {@link MemoryStore} as one of those who opened it sees it: everything, at once. */
final class OpenMemoryStore implements VectorStore {
  private final MemoryStore store;
  private final OpenMode mode;
  private final Similarity metric;

  OpenMemoryStore(MemoryStore store, OpenMode mode, Similarity metric) {
    this.store = store;
    this.mode = mode;
    this.metric = metric;
    store.open(mode, metric);
  }

  @Override
  public WriteResult write(List<? extends Change> changes) {
    mode.requireWritable(store.address());
    return store.write(changes, metric);
  }

  @Override
  public List<Hit> search(float[] vector, int k, Filter filter) {
    Optional<CollectionSpec> collection = store.collection();
    if (collection.isEmpty() || k < 1) {
      return List.of();
    }
    ChangeBatch.requireSearchable(vector, collection.get());
    return vectors()
        .filter(filter::holds)
        .map(each -> hit(each, vector))
        .sorted(Hit.NEAREST_FIRST)
        .limit(k)
        .toList();
  }

  private static Hit hit(StoredVector found, float[] vector) {
    float cosine = (float) Cosine.of(found.vector(), vector);
    return new Hit(found.id(), cosine, found.version(), found.image());
  }

  private Stream<StoredVector> vectors() {
    return store.written().values().stream()
        .filter(StoredVector.class::isInstance)
        .map(StoredVector.class::cast);
  }

  @Override
  public Optional<StoredVector> get(String id) {
    return vectors().filter(vector -> vector.id().equals(id)).findFirst();
  }

  @Override
  public List<StoredVector> scan(@Nullable String after, int most) {
    return vectors()
        .filter(vector -> after == null || TextOrder.BY_BYTES.compare(vector.id(), after) > 0)
        .sorted(Comparator.comparing(StoredVector::id, TextOrder.BY_BYTES))
        .limit(Math.max(0, most))
        .toList();
  }

  @Override
  public List<StoredVector> newest(int most) {
    return vectors()
        .sorted(Comparator.comparing(StoredVector::version).reversed())
        .limit(Math.max(0, most))
        .toList();
  }

  @Override
  public StoreDescription describe() {
    return new StoreDescription(store.address(), vectors().count(), store.collection(), Map.of());
  }

  @Override
  public void commit() {
    store.commit();
  }

  @Override
  public void optimize() {}

  @Override
  public void close() {
    store.close(mode.writable());
  }
}
