// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.Collection;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.WriteResult;
import io.imageembedding.vectorstore.postgres.PostgresSchema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A table of a PostgreSQL with pgvector. Every batch is one statement and one transaction, so it is
 * durable and visible when {@link #write} returns. One connection, opened anew after it was lost.
 */
final class PostgresStore implements VectorStore {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresStore.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, String>> ATTRIBUTES = new TypeReference<>() {};

  /** From so many vectors on, a search without an index is worth a warning. */
  private static final long MANY = 20_000;

  /** How long the server's answer may take beyond the time that a statement may take there. */
  private static final int ANSWER_SECONDS = 10;

  private static final String COLUMNS =
      "id, version_timestamp, topic, topic_partition, topic_offset, uri, image_format, width,"
          + " height, captured_at, attributes::text";

  private final PostgresSettings settings;
  private final PostgresSchema schema;
  private final OpenMode mode;

  /** Held while the connection is used. */
  private final ReentrantLock calling = new ReentrantLock();

  private volatile Connection connection;
  private Table table;
  private UpsertStatement upsert;
  private boolean warned;
  private volatile boolean closed;

  private PostgresStore(PostgresSettings settings, OpenMode mode) {
    this.settings = settings;
    this.mode = mode;
    schema = new PostgresSchema(settings);
  }

  static PostgresStore open(PostgresSettings settings, OpenMode mode) {
    PostgresStore store = new PostgresStore(settings, mode);
    try {
      store.call(
          connection -> {
            store.open(connection);
            return null;
          });
      return store;
    } catch (StoreException e) {
      store.close();
      throw e;
    }
  }

  private void open(Connection open) throws SQLException {
    Optional<Table> there = schema.read(open);
    if (there.isEmpty()) {
      Optional<Collection> first = mode.forNew(settings.name());
      if (first.isPresent()) {
        there = Optional.of(schema.create(open, first.get()));
      }
    }
    if (there.isPresent()) {
      mode.requireExpected(settings.name(), there.get().collection());
      use(there.get());
    }
  }

  private void use(Table there) {
    there.collection().requireMetric(settings.name(), settings.metric());
    if (settings.typeGiven() && settings.type() != there.type()) {
      throw new StoreException(
          settings.name() + " holds type " + there.type().sql() + ", not " + settings.type().sql());
    }
    table = there;
    upsert = new UpsertStatement(schema.table());
  }

  @Override
  public WriteResult write(List<? extends Change> changes) {
    mode.requireWritable(settings.name());
    return call(
        open -> {
          if (table == null) {
            Optional<Collection> first =
                ChangeBatch.collectionOf(settings.name(), changes, settings.metric());
            if (first.isEmpty()) {
              return ChangeBatch.allRefused(changes, settings.metric());
            }
            use(schema.create(open, first.get()));
          }
          ChangeBatch batch = ChangeBatch.of(changes, table.collection(), table.type().largest());
          return batch.result(batch.newest().isEmpty() ? 0 : upsert.execute(open, batch.newest()));
        });
  }

  @Override
  public List<Hit> search(float[] vector, int k, Filter filter) {
    return call(
        open -> {
          if (!isKnown(open) || k < 1) {
            return List.of();
          }
          ChangeBatch.requireSearchable(vector, table.collection());
          warnIfSlow(open);
          String target = "(?::real[])::" + table.type().sql(table.collection().dimension());
          String sql =
              "SELECT "
                  + COLUMNS
                  + ", 1 - (embedding <=> "
                  + target
                  + ") FROM "
                  + schema.table()
                  + " WHERE NOT deleted"
                  + condition(filter)
                  + " ORDER BY embedding <=> "
                  + target
                  + " LIMIT ?";
          List<Hit> hits = new ArrayList<>();
          try (PreparedStatement query = open.prepareStatement(sql)) {
            var floats = open.unwrap(PGConnection.class).createArrayOf("float4", vector);
            int parameter = 1;
            query.setArray(parameter++, floats);
            for (Map.Entry<String, String> wanted : filter.conditions().entrySet()) {
              query.setString(
                  parameter++,
                  Filter.FIELDS.contains(wanted.getKey())
                      ? wanted.getValue()
                      : json(Map.of(wanted.getKey(), wanted.getValue())));
            }
            query.setArray(parameter++, floats);
            query.setInt(parameter, k);
            try (ResultSet row = query.executeQuery()) {
              while (row.next()) {
                hits.add(new Hit(row.getString(1), row.getFloat(12), version(row), image(row)));
              }
            }
          }
          hits.sort(Hit.NEAREST_FIRST);
          return List.copyOf(hits);
        });
  }

  private static String condition(Filter filter) {
    StringBuilder sql = new StringBuilder();
    for (String key : filter.conditions().keySet()) {
      sql.append(
          switch (key) {
            case Filter.URI -> " AND uri = ?";
            case Filter.FORMAT -> " AND image_format = ?";
            case Filter.TOPIC -> " AND topic = ?";
            case Filter.PARTITION -> " AND topic_partition::text = ?";
            default -> " AND attributes @> ?::jsonb";
          });
    }
    return sql.toString();
  }

  private void warnIfSlow(Connection open) throws SQLException {
    if (!warned && !schema.isIndexed(open)) {
      long rows = count(open);
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
    return call(
        open -> {
          if (!isKnown(open)) {
            return Optional.empty();
          }
          return vectors(open, " AND id = ?", query -> query.setString(1, id)).stream().findFirst();
        });
  }

  @Override
  public List<StoredVector> scan(String after, int most) {
    return call(
        open ->
            isKnown(open) && most > 0
                ? vectors(
                    open,
                    (after == null ? "" : " AND id > ?") + " ORDER BY id LIMIT ?",
                    query -> {
                      int parameter = 1;
                      if (after != null) {
                        query.setString(parameter++, after);
                      }
                      query.setInt(parameter, most);
                    })
                : List.of());
  }

  @Override
  public List<StoredVector> newest(int most) {
    return call(
        open ->
            isKnown(open) && most > 0
                ? vectors(
                    open,
                    " ORDER BY version_timestamp DESC, topic DESC, topic_partition DESC,"
                        + " topic_offset DESC LIMIT ?",
                    query -> query.setInt(1, most))
                : List.of());
  }

  /**
   * @param condition and order, what stands behind those that are not deleted
   */
  private List<StoredVector> vectors(Connection open, String condition, Parameters parameters)
      throws SQLException {
    String sql =
        "SELECT "
            + COLUMNS
            + ", vector_send(embedding::vector) FROM "
            + schema.table()
            + " WHERE NOT deleted"
            + condition;
    try (PreparedStatement query = open.prepareStatement(sql)) {
      parameters.set(query);
      List<StoredVector> vectors = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          vectors.add(
              new StoredVector(
                  row.getString(1),
                  BinaryVector.features(row.getBytes(12)),
                  table.collection().space(),
                  version(row),
                  image(row)));
        }
      }
      return vectors;
    }
  }

  private static Version version(ResultSet row) throws SQLException {
    return new Version(row.getLong(2), row.getString(3), row.getInt(4), row.getLong(5));
  }

  private static ImageMetadata image(ResultSet row) throws SQLException {
    long capturedAt = row.getLong(10);
    Long known = row.wasNull() ? null : capturedAt;
    try {
      return new ImageMetadata(
          row.getString(6),
          row.getString(7),
          row.getInt(8),
          row.getInt(9),
          known,
          JSON.readValue(row.getString(11), ATTRIBUTES));
    } catch (JsonProcessingException e) {
      throw new SQLException("attributes of " + row.getString(1) + " are no texts by key", e);
    }
  }

  private static String json(Map<String, String> attributes) {
    try {
      return JSON.writeValueAsString(attributes);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public StoreDescription describe() {
    return call(
        open -> {
          if (!isKnown(open)) {
            return new StoreDescription(settings.name(), 0, Optional.empty(), Map.of());
          }
          Map<String, String> details = new TreeMap<>();
          details.put("type", table.type().sql());
          details.put("index", schema.isIndexed(open) ? "hnsw" : "none");
          return new StoreDescription(
              settings.name(), count(open), Optional.of(table.collection()), details);
        });
  }

  private long count(Connection open) throws SQLException {
    String sql = "SELECT count(*) FROM " + schema.table() + " WHERE NOT deleted";
    try (Statement statement = open.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Nothing is left to do: {@link #write} commits. */
  @Override
  public void commit() {}

  /** Builds the HNSW index if there is none. Writers wait until it is built. */
  @Override
  public void optimize() {
    mode.requireWritable(settings.name());
    call(
        open -> {
          if (isKnown(open) && !schema.isIndexed(open)) {
            open.setNetworkTimeout(Runnable::run, 0);
            schema.createIndex(open, table, count(open));
            limitWaiting(open);
          }
          return null;
        });
  }

  private boolean isKnown(Connection open) throws SQLException {
    if (table == null) {
      schema.read(open).ifPresent(this::use);
    }
    return table != null;
  }

  private <R> R call(SqlAction<R> action) {
    calling.lock();
    try {
      if (closed) {
        throw new StoreException(settings.name() + " is closed");
      }
      if (connection == null) {
        connection = connect();
      }
      return action.call(connection);
    } catch (SQLException e) {
      disconnect();
      throw SqlFailures.of(settings.name(), e);
    } finally {
      calling.unlock();
    }
  }

  private Connection connect() throws SQLException {
    Properties properties = settings.connection();
    // Not by way of DriverManager, which knows only drivers of its caller's class loader.
    Connection fresh = new Driver().connect(settings.url(), properties);
    try (Statement statement = fresh.createStatement()) {
      statement.execute("SET statement_timeout = '" + settings.statementTimeoutSeconds() + "s'");
      statement.execute("SET hnsw.ef_search = " + settings.efSearch());
      // Goes on looking where a filter leaves fewer than were asked for.
      statement.execute("SET hnsw.iterative_scan = strict_order");
      limitWaiting(fresh);
    } catch (SQLException e) {
      fresh.close();
      throw e;
    }
    return fresh;
  }

  private void limitWaiting(Connection open) throws SQLException {
    open.setNetworkTimeout(
        Runnable::run, (settings.statementTimeoutSeconds() + ANSWER_SECONDS) * 1000);
  }

  private void disconnect() {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      LOG.debug("Closing a connection to {} failed", settings.name(), e);
    } finally {
      connection = null;
    }
  }

  /** Does not wait for a call that is under way: that fails instead. */
  @Override
  public void close() {
    closed = true;
    if (calling.tryLock()) {
      try {
        disconnect();
      } finally {
        calling.unlock();
      }
      return;
    }
    Connection inUse = connection;
    if (inUse != null) {
      try {
        inUse.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.debug("Ending a connection to {} failed", settings.name(), e);
      }
    }
  }

  private interface Parameters {
    void set(PreparedStatement query) throws SQLException;
  }

  private interface SqlAction<R> {
    R call(Connection connection) throws SQLException;
  }
}
