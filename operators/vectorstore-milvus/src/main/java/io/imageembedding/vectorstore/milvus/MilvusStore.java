// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import io.imageembedding.vectorstore.milvus.Rows.Age;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.exception.ErrorCode;
import io.milvus.v2.exception.MilvusClientException;
import io.milvus.v2.service.index.response.DescribeIndexResp.IndexDesc;
import io.milvus.v2.service.utility.request.FlushReq;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A collection of a Milvus server. What it guarantees, {@link MilvusStoreProvider} says. */
final class MilvusStore implements VectorStore {

  /** Most bytes of a request to write, about; a server takes 64 MB. */
  private static final long MOST_BYTES = 16 << 20;

  /** Most hits of a search, by Milvus. */
  private static final int MOST_HITS = 16_384;

  /** Ids that are remembered until they are read again; some 200 bytes each. */
  private static final int MOST_REMEMBERED = 50_000;

  private static final long INDEX_POLL_MILLIS = 200;

  private final MilvusSettings settings;
  private final MilvusSchema schema;
  private final OpenMode mode;
  private final IdLocks locks;
  private final Queries queries;
  private final Nearest nearest;

  /** Newest age of each id that was written and is not known to be still there. */
  private final Map<String, Age> sinceCommit = new ConcurrentHashMap<>();

  private volatile Connection connection;
  private volatile CollectionSpec collection;
  private volatile boolean closed;

  private MilvusStore(MilvusSettings settings, OpenMode mode) {
    this.settings = settings;
    this.mode = mode;
    schema = new MilvusSchema(settings);
    queries = new Queries(settings.collection());
    nearest = new Nearest(settings, queries);
    locks = IdLocks.of(settings.name());
  }

  static MilvusStore open(MilvusSettings settings, OpenMode mode) {
    MilvusStore store = new MilvusStore(settings, mode);
    try {
      store.call(
          open -> {
            store.open(open);
            return null;
          });
      return store;
    } catch (StoreException e) {
      store.close();
      throw e;
    }
  }

  private void open(MilvusClientV2 open) {
    Optional<CollectionSpec> there = schema.read(open);
    if (there.isEmpty()) {
      there = mode.forNew(settings.name()).map(first -> schema.create(open, first));
    }
    if (there.isPresent()) {
      mode.requireExpected(settings.name(), there.get());
      use(open, there.get());
    }
  }

  private void use(MilvusClientV2 open, CollectionSpec there) {
    there.requireMetric(settings.name(), settings.metric());
    schema.prepare(open, there, mode.writable());
    collection = there;
  }

  @Override
  public WriteResult write(List<? extends Change> changes) {
    mode.requireWritable(settings.name());
    return call(
        open -> {
          if (collection == null) {
            Optional<CollectionSpec> first =
                ChangeBatch.collectionOf(settings.name(), changes, settings.metric());
            if (first.isEmpty()) {
              return ChangeBatch.allRefused(changes, settings.metric());
            }
            use(open, schema.create(open, first.get()));
          }
          ChangeBatch batch = ChangeBatch.of(changes, collection);
          return batch.result(writeNewer(open, batch.newest()));
        });
  }

  /** Writes those changes that are newer than what is there; how many. */
  private int writeNewer(MilvusClientV2 open, List<Change> changes) {
    List<String> ids = changes.stream().map(Change::id).toList();
    Map<String, Age> newer = new HashMap<>();
    try (IdLocks.Held held = locks.hold(ids)) {
      Map<String, Age> there = ages(open, ids);
      Upsert upsert = new Upsert(collection.dimension());
      for (Change change : changes) {
        Age age = Age.of(change);
        Age known = there.get(change.id());
        if (known == null || age.compareTo(known) > 0) {
          newer.put(change.id(), age);
          upsert.add(change, age);
          if (upsert.rows() == Queries.MOST_ROWS || upsert.bytes() >= MOST_BYTES) {
            connection.upsert(upsert);
            upsert = new Upsert(collection.dimension());
          }
        }
      }
      if (upsert.rows() > 0) {
        connection.upsert(upsert);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(settings.name() + ": interrupted while waiting to write", e);
    }
    newer.forEach((id, age) -> sinceCommit.merge(id, age, (a, b) -> a.compareTo(b) >= 0 ? a : b));
    if (sinceCommit.size() > MOST_REMEMBERED) {
      requireStillThere(open);
    }
    return newer.size();
  }

  private Map<String, Age> ages(MilvusClientV2 open, List<String> ids) {
    Map<String, Age> ages = new HashMap<>();
    for (List<String> some : Queries.parts(ids)) {
      for (Map<String, Object> row : queries.rows(open, Rows.selecting(some), Rows.OF_AGE)) {
        ages.put(Rows.id(row), Rows.age(row));
      }
    }
    return ages;
  }

  /** Fails if anything that was written has become older since, or is gone. */
  private void requireStillThere(MilvusClientV2 open) {
    Map<String, Age> written = Map.copyOf(sinceCommit);
    Map<String, Age> there = ages(open, List.copyOf(written.keySet()));
    written.forEach(
        (id, age) -> {
          Age is = there.get(id);
          if (is == null || is.compareTo(age) < 0) {
            throw new StoreException(
                settings.name()
                    + ": another writer has put "
                    + (is == null ? "nothing" : "the older " + is.version())
                    + " over "
                    + age.version()
                    + " of "
                    + id
                    + "; write again what is not committed");
          }
          sinceCommit.remove(id, age);
        });
  }

  /** Every row was durable when it was written; this is about those of other writers. */
  @Override
  public void commit() {
    if (!sinceCommit.isEmpty()) {
      call(
          open -> {
            requireStillThere(open);
            return null;
          });
    }
  }

  @Override
  public List<Hit> search(float[] vector, int k, Filter filter) {
    if (k > MOST_HITS) {
      throw new StoreException(
          settings.name() + ": " + k + " hits are too many; allowed: up to " + MOST_HITS);
    }
    return call(
        open -> {
          if (!isKnown(open) || k < 1) {
            return List.of();
          }
          ChangeBatch.requireSearchable(vector, collection);
          return nearest.find(open, vector, k, filter);
        });
  }

  @Override
  public Optional<StoredVector> get(String id) {
    return call(
        open -> isKnown(open) ? vectors(open, List.of(id)).stream().findFirst() : Optional.empty());
  }

  private List<StoredVector> vectors(MilvusClientV2 open, List<String> ids) {
    return queries.rows(open, Rows.selecting(ids), Rows.OF_VECTOR).stream()
        .filter(row -> !Rows.isDeleted(row))
        .map(row -> Rows.vector(row, collection))
        .toList();
  }

  @Override
  public List<StoredVector> scan(String after, int most) {
    return call(
        open -> {
          List<StoredVector> all = new ArrayList<>();
          String last = after;
          boolean more = isKnown(open);
          while (more && all.size() < most) {
            int page = Math.min(Queries.MOST_ROWS, most - all.size());
            List<Map<String, Object>> rows =
                queries.inOrder(open, Rows.PRESENT, last, page, Rows.OF_VECTOR);
            rows.forEach(row -> all.add(Rows.vector(row, collection)));
            more = rows.size() == page;
            last = more ? all.get(all.size() - 1).id() : last;
          }
          return all;
        });
  }

  /**
   * {@inheritDoc}
   *
   * <p>Milvus does not sort by a field. So it is asked how many rows are younger than a
   * millisecond, than four, and so on, until there are enough, and only those are looked at.
   */
  @Override
  public List<StoredVector> newest(int most) {
    return call(
        open -> {
          if (!isKnown(open) || most < 1) {
            return List.of();
          }
          String expression = young(open, most);
          List<Aged> young = new ArrayList<>();
          List<Map<String, Object>> page;
          String last = null;
          do {
            page = queries.inOrder(open, expression, last, Queries.MOST_ROWS, Rows.OF_AGE);
            for (Map<String, Object> row : page) {
              last = Rows.id(row);
              young.add(new Aged(last, Rows.age(row)));
            }
          } while (page.size() == Queries.MOST_ROWS);
          young.sort(Comparator.comparing(Aged::age).reversed());
          List<StoredVector> newest = new ArrayList<>();
          List<String> ids = young.stream().limit(most).map(Aged::id).toList();
          for (List<String> some : Queries.parts(ids)) {
            newest.addAll(vectors(open, some));
          }
          newest.sort(Comparator.comparing(StoredVector::version).reversed());
          return List.copyOf(newest);
        });
  }

  /** An expression for the newest rows, as many as are wanted and not many more, or for all. */
  private String young(MilvusClientV2 open, int most) {
    long fewEnough = most + (long) Queries.MOST_ROWS;
    if (queries.count(open, Rows.PRESENT) <= fewEnough) {
      return Rows.PRESENT;
    }
    long now = System.currentTimeMillis();
    long tooFew = now;
    for (int bits = 0; bits < Long.SIZE - 1; bits += 2) {
      long since = now - (1L << bits);
      long count = queries.count(open, Rows.since(since));
      while (count > fewEnough && tooFew - since > 1) {
        long middle = since + (tooFew - since) / 2;
        long there = queries.count(open, Rows.since(middle));
        if (there < most) {
          tooFew = middle;
        } else {
          since = middle;
          count = there;
        }
      }
      if (count >= most) {
        return Rows.since(since);
      }
      tooFew = since;
    }
    return Rows.PRESENT;
  }

  @Override
  public StoreDescription describe() {
    return call(
        open -> {
          if (!isKnown(open)) {
            return new StoreDescription(settings.name(), 0, Optional.empty(), Map.of());
          }
          Map<String, String> details = new TreeMap<>();
          details.put("server", open.getServerVersion());
          schema
              .index(open)
              .ifPresent(index -> details.put("index", String.valueOf(index.getIndexType())));
          return new StoreDescription(
              settings.name(), queries.count(open, Rows.PRESENT), Optional.of(collection), details);
        });
  }

  /** Has the server close what is still growing, and waits until all of it is indexed. */
  @Override
  public void optimize() {
    mode.requireWritable(settings.name());
    call(
        open -> {
          if (isKnown(open)) {
            open.flush(
                FlushReq.builder()
                    .collectionNames(List.of(settings.collection()))
                    .waitFlushedTimeoutMs(0L)
                    .build());
            awaitIndex(open);
          }
          return null;
        });
  }

  private void awaitIndex(MilvusClientV2 open) {
    try {
      while (!closed
          && schema
              .index(open)
              .map(IndexDesc::getPendingIndexRows)
              .filter(n -> n > 0)
              .isPresent()) {
        TimeUnit.MILLISECONDS.sleep(INDEX_POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(settings.name() + ": interrupted while the index is built", e);
    }
  }

  private boolean isKnown(MilvusClientV2 open) {
    if (collection == null) {
      schema.read(open).ifPresent(there -> use(open, there));
    }
    return collection != null;
  }

  private <R> R call(Function<MilvusClientV2, R> action) {
    try {
      MilvusClientV2 open = connected().client();
      try {
        return action.apply(open);
      } catch (MilvusClientException e) {
        // A server that was started anew may have forgotten that the collection is in use.
        if (e.getErrorCode() == ErrorCode.RPC_ERROR
            || collection == null
            || schema.isLoaded(open)) {
          throw e;
        }
        schema.load(open);
        return action.apply(open);
      }
    } catch (RuntimeException e) {
      throw MilvusFailures.of(settings, e);
    }
  }

  private synchronized Connection connected() {
    if (closed) {
      throw new StoreException(settings.name() + " is closed");
    }
    if (connection == null) {
      connection = Connection.open(settings);
      if (closed) {
        close();
        throw new StoreException(settings.name() + " is closed");
      }
    }
    return connection;
  }

  /** Does not wait for a call that is under way: that fails instead. */
  @Override
  public void close() {
    closed = true;
    Connection open = connection;
    if (open != null) {
      open.close();
    }
  }

  private record Aged(String id, Age age) {}
}
