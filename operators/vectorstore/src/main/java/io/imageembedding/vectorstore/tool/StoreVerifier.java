// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.tool;

import static io.imageembedding.vectorstore.tool.StoreVerification.K;

import io.imageembedding.embedding.Cosine;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TextOrder;
import io.imageembedding.vectorstore.VectorStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** Reads a store twice: what there is, and what is nearest to a sample of it. */
final class StoreVerifier {
  private static final int PAGE = 500;

  /** What two ways to compute a cosine in floats differ by at most. */
  private static final double SAME = 1e-5;

  private final VectorStore store;
  private final int sample;
  private final double leastRecall;
  private final LongConsumer onProgress;
  private final List<String> faults = new ArrayList<>();
  private final List<Query> queries = new ArrayList<>();
  private final FilterSample filters = new FilterSample();
  private final Random random = new Random(1);
  private long read;
  private long usable;
  private long unusable;
  private String firstUnusable;
  private String lastId;
  private String disorder;

  StoreVerifier(VectorStore store, int sample, double leastRecall, LongConsumer onProgress) {
    this.store = store;
    this.sample = sample;
    this.leastRecall = leastRecall;
    this.onProgress = onProgress;
  }

  StoreVerification verify() {
    StoreDescription before = store.describe();
    before
        .collection()
        .ifPresent(
            collection -> {
              scan(page -> check(page, collection));
              requireCount(before.count(), store.describe().count(), read);
            });
    long scanned = read;
    List<Query> filtered = filtered();
    searchExactly(filtered);
    OptionalDouble recall = recall(queries);
    OptionalDouble filteredRecall = recall(filtered);
    if (unusable > 0) {
      faults.add(
          "%,d of %,d vectors cannot be searched for; the first: %s"
              .formatted(unusable, scanned, firstUnusable));
    }
    if (disorder != null) {
      faults.add(disorder);
    }
    if (recall.isPresent() && recall.getAsDouble() < leastRecall) {
      faults.add("recall@%d is %.4f; needed: %s".formatted(K, recall.getAsDouble(), leastRecall));
    }
    if (filteredRecall.isPresent() && filteredRecall.getAsDouble() < leastRecall) {
      faults.add(
          "recall@%d with a filter is %.4f; needed: %s"
              .formatted(K, filteredRecall.getAsDouble(), leastRecall));
    }
    return new StoreVerification(
        before.store(),
        before.collection(),
        before.count(),
        scanned,
        unusable,
        queries.size(),
        recall,
        filteredRecall,
        faults);
  }

  private void scan(Consumer<List<StoredVector>> onPage) {
    List<StoredVector> page = List.of();
    do {
      page = store.scan(page.isEmpty() ? null : page.get(page.size() - 1).id(), PAGE);
      onPage.accept(page);
      read += page.size();
      onProgress.accept(read);
    } while (page.size() == PAGE);
  }

  private void check(List<StoredVector> page, CollectionSpec collection) {
    for (StoredVector vector : page) {
      if (disorder == null
          && lastId != null
          && TextOrder.BY_BYTES.compare(lastId, vector.id()) >= 0) {
        disorder = "the id '" + vector.id() + "' comes after '" + lastId + "'";
      }
      lastId = vector.id();
      List<RefusedChange> refused = ChangeBatch.of(List.of(vector), collection).result(0).refused();
      if (refused.isEmpty()) {
        choose(vector);
      } else if (unusable++ == 0) {
        firstUnusable = vector.id() + ": " + refused.get(0).message();
      }
    }
  }

  /** Every vector comes into the sample with the same chance. */
  private void choose(StoredVector vector) {
    usable++;
    filters.add(vector);
    if (queries.size() < sample) {
      queries.add(new Query(vector, Filter.NONE));
    } else if (random.nextDouble() * usable < sample) {
      queries.set(random.nextInt(sample), new Query(vector, Filter.NONE));
    }
  }

  private void requireCount(long before, long after, long scanned) {
    if (before == after && scanned != before) {
      faults.add("it says that it has %,d vectors, but has %,d".formatted(before, scanned));
    }
  }

  /** The same vectors, each with a filter that it does not meet itself, if there is one. */
  private List<Query> filtered() {
    List<Filter> chosen = filters.choose(usable, K);
    List<Query> filtered = new ArrayList<>();
    for (int i = 0; i < queries.size() && !chosen.isEmpty(); i++) {
      StoredVector vector = queries.get(i).vector;
      Collections.rotate(chosen, 1);
      filtered.add(
          new Query(
              vector,
              chosen.stream()
                  .filter(filter -> !filter.holds(vector))
                  .findFirst()
                  .orElse(chosen.get(0))));
    }
    return filtered;
  }

  private void searchExactly(List<Query> filtered) {
    if (queries.isEmpty()) {
      return;
    }
    List<Query> all = new ArrayList<>(queries);
    all.addAll(filtered);
    scan(
        page -> {
          double[] lengths = page.stream().mapToDouble(Query::length).toArray();
          all.parallelStream().forEach(query -> query.compare(page, lengths));
        });
  }

  private OptionalDouble recall(List<Query> searched) {
    long wanted = searched.stream().mapToLong(query -> query.nearest.size()).sum();
    return wanted == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(searched.stream().mapToLong(this::found).sum() / (double) wanted);
  }

  private long found(Query query) {
    if (query.nearest.isEmpty()) {
      return 0;
    }
    double least = query.nearest.element() - SAME;
    // One more, as the vector itself is the nearest.
    return store.search(query.vector.vector(), K + 1, query.filter).stream()
        .filter(hit -> !hit.id().equals(query.vector.id()))
        .limit(query.nearest.size())
        .filter(hit -> hit.score() >= least)
        .count();
  }

  /** A vector that is searched for, with the cosines of the nearest others so far. */
  private static final class Query {
    private final StoredVector vector;
    private final Filter filter;
    private final double length;
    private final PriorityQueue<Double> nearest = new PriorityQueue<>(K + 1);

    private Query(StoredVector vector, Filter filter) {
      this.vector = vector;
      this.filter = filter;
      length = length(vector);
    }

    private void compare(List<StoredVector> others, double[] lengths) {
      for (int i = 0; i < lengths.length; i++) {
        StoredVector other = others.get(i);
        if (lengths[i] > 0 && !other.id().equals(vector.id()) && filter.holds(other)) {
          nearest.add(Cosine.dot(vector.vector(), other.vector()) / (length * lengths[i]));
          if (nearest.size() > K) {
            nearest.remove();
          }
        }
      }
    }

    private static double length(StoredVector vector) {
      return Cosine.length(vector.vector());
    }
  }
}
