// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

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
import io.imageembedding.vectorstore.postgres.PostgresSchema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A table of a PostgreSQL with pgvector. Every batch is one transaction, so it is durable and
 * visible when {@link #write} returns.
 */
final class PostgresStore implements VectorStore {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresStore.class);

  /** From so many vectors on, a search without an index is worth a warning. */
  private static final long MANY = 20_000;

  private final PostgresSettings settings;
  private final PostgresSchema schema;
  private final OpenMode mode;
  private final PostgresConnection connection;

  private volatile Open table;
  private volatile boolean warned;

  private PostgresStore(PostgresSettings settings, OpenMode mode) {
    this.settings = settings;
    this.mode = mode;
    schema = new PostgresSchema(settings);
    connection = new PostgresConnection(settings, mode.writable());
  }

  static PostgresStore open(PostgresSettings settings, OpenMode mode) {
    PostgresStore store = new PostgresStore(settings, mode);
    boolean opened = false;
    try {
      store.open();
      opened = true;
      return store;
    } finally {
      if (!opened) {
        store.close();
      }
    }
  }

  private void open() {
    Optional<Table> there = connection.call(schema::read);
    if (there.isEmpty()) {
      Optional<CollectionSpec> first = mode.forNew(settings.name());
      if (first.isPresent()) {
        there = Optional.of(connection.call(open -> schema.create(open, first.get())));
      }
    }
    if (there.isPresent()) {
      mode.requireExpected(settings.name(), there.get().collection());
      use(there.get());
    }
  }

  private Open use(Table there) {
    there.collection().requireMetric(settings.name(), settings.metric());
    if (settings.typeGiven() && settings.type() != there.type()) {
      throw new StoreException(
          settings.name() + " holds type " + there.type().sql() + ", not " + settings.type().sql());
    }
    table =
        new Open(
            there,
            new PostgresQueries(schema.table(), there),
            new PostgresSearch(settings, schema, there),
            new PostgresUpsert(schema.table(), there.extension().type(ElementType.VECTOR)));
    return table;
  }

  /** The table; null where there is none yet. */
  private Open known(Connection open) throws SQLException {
    Open known = table;
    return known != null ? known : schema.read(open).map(this::use).orElse(null);
  }

  @Override
  public WriteResult write(List<? extends Change> changes) {
    mode.requireWritable(settings.name());
    Open known = table;
    if (known == null) {
      Optional<CollectionSpec> first =
          ChangeBatch.collectionOf(settings.name(), changes, settings.metric());
      if (first.isEmpty()) {
        return ChangeBatch.allRefused(changes, settings.metric());
      }
      // Known only when it is committed, so not in the transaction of the batch.
      known = use(connection.call(open -> schema.create(open, first.get())));
    }
    PostgresUpsert upsert = known.upsert();
    Table held = known.table();
    ChangeBatch batch = ChangeBatch.of(changes, held.collection(), held.type().largest());
    return batch.result(
        batch.newest().isEmpty()
            ? 0
            : connection.call(open -> upsert.execute(open, batch.newest())));
  }

  @Override
  public List<Hit> search(float[] vector, int k, Filter filter) {
    return connection.call(
        open -> {
          Open known = known(open);
          if (known == null || k < 1) {
            return List.of();
          }
          ChangeBatch.requireSearchable(vector, known.table().collection());
          warnIfSlow(open, known);
          return known.search().nearest(open, vector, k, filter);
        });
  }

  private void warnIfSlow(Connection open, Open known) throws SQLException {
    if (!warned && !schema.isIndexed(open)) {
      long rows = known.queries().count(open);
      if (rows > MANY) {
        LOG.warn(
            "{} has {} vectors and no index yet, so every search reads all of them",
            settings.name(),
            rows);
      }
    }
    warned = true;
  }

  @Override
  public Optional<StoredVector> get(String id) {
    return connection.call(
        open -> {
          Open known = known(open);
          return known == null ? Optional.empty() : known.queries().get(open, id);
        });
  }

  @Override
  public List<StoredVector> scan(String after, int most) {
    return connection.call(
        open -> {
          Open known = known(open);
          return known == null ? List.of() : known.queries().scan(open, after, most);
        });
  }

  @Override
  public List<StoredVector> newest(int most) {
    return connection.call(
        open -> {
          Open known = known(open);
          return known == null ? List.of() : known.queries().newest(open, most);
        });
  }

  @Override
  public StoreDescription describe() {
    return connection.call(
        open -> {
          Open known = known(open);
          if (known == null) {
            return new StoreDescription(settings.name(), 0, Optional.empty(), Map.of());
          }
          Map<String, String> details = new TreeMap<>();
          details.put("type", known.table().type().sql());
          details.put("index", schema.isIndexed(open) ? "hnsw" : "none");
          return new StoreDescription(
              settings.name(),
              known.queries().count(open),
              Optional.of(known.table().collection()),
              details);
        });
  }

  /** Nothing is left to do: {@link #write} commits. */
  @Override
  public void commit() {}

  /** Builds the HNSW index if there is none. Writers wait until it is built. */
  @Override
  public void optimize() {
    mode.requireWritable(settings.name());
    connection.call(
        open -> {
          Open known = known(open);
          if (known != null && !schema.isIndexed(open)) {
            open.setNetworkTimeout(Runnable::run, 0);
            schema.createIndex(open, known.table(), known.queries().count(open));
            connection.limitWaiting(open);
          }
          return null;
        });
  }

  /** Does not wait for a call that is under way: that fails instead. */
  @Override
  public void close() {
    connection.close();
  }

  private record Open(
      Table table, PostgresQueries queries, PostgresSearch search, PostgresUpsert upsert) {}
}
