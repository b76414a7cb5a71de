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
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.exception.ErrorCode;
import io.milvus.v2.exception.MilvusClientException;
import io.milvus.v2.service.index.response.DescribeIndexResp.IndexDesc;
import io.milvus.v2.service.utility.request.FlushReq;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A collection of a Milvus server. What it guarantees, {@link MilvusStoreProvider} says. */
final class MilvusStore implements VectorStore {

  /** Most hits of a search, by Milvus. */
  private static final int MOST_HITS = 16_384;

  private static final long INDEX_POLL_MILLIS = 200;

  private final MilvusSettings settings;
  private final MilvusSchema schema;
  private final OpenMode mode;
  private final MilvusQueries queries;
  private final MilvusSearch search;
  private final MilvusUpsert upsert;

  private volatile MilvusConnection connection;
  private volatile CollectionSpec collection;
  private volatile boolean closed;

  private MilvusStore(MilvusSettings settings, OpenMode mode) {
    this.settings = settings;
    this.mode = mode;
    schema = new MilvusSchema(settings);
    queries = new MilvusQueries(settings.collection());
    search = new MilvusSearch(settings, queries);
    upsert = new MilvusUpsert(settings, queries);
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
          return batch.result(upsert.execute(connection, collection.dimension(), batch.newest()));
        });
  }

  /** Every row was durable when it was written; this is about those of other writers. */
  @Override
  public void commit() {
    if (upsert.isUncommitted()) {
      call(
          open -> {
            upsert.requireStillThere(connection);
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
          return search.nearest(open, vector, k, filter);
        });
  }

  @Override
  public Optional<StoredVector> get(String id) {
    return call(open -> isKnown(open) ? queries.get(open, id, collection) : Optional.empty());
  }

  @Override
  public List<StoredVector> scan(String after, int most) {
    return call(open -> isKnown(open) ? queries.scan(open, after, most, collection) : List.of());
  }

  @Override
  public List<StoredVector> newest(int most) {
    return call(open -> isKnown(open) ? queries.newest(open, most, collection) : List.of());
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
              settings.name(),
              queries.count(open, MilvusRows.PRESENT),
              Optional.of(collection),
              details);
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

  private synchronized MilvusConnection connected() {
    if (closed) {
      throw new StoreException(settings.name() + " is closed");
    }
    if (connection == null) {
      connection = MilvusConnection.open(settings);
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
    MilvusConnection open = connection;
    if (open != null) {
      open.close();
    }
  }
}
