// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.embedding.Provenance;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The tables of a store: made, or checked to be what is needed. */
final class PostgresSchema {

  /** Table that says what other tables hold. */
  static final String DESCRIPTIONS = "image_embedding_collections";

  private static final String BYTE_ORDER = " COLLATE \"C\"";
  private static final String EMBEDDING = "embedding";
  private static final int FORMAT = 1;

  /** Any number, the same in every process, so that only one of them makes tables at a time. */
  private static final long LOCK = 0x696d_6167_6565_6d62L;

  private final PostgresSettings settings;

  PostgresSchema(PostgresSettings settings) {
    this.settings = settings;
  }

  /** The data table in SQL. */
  String table() {
    return qualified(settings.table());
  }

  String index() {
    return settings.table() + "_hnsw";
  }

  private String qualified(String name) {
    return settings.schema() == null
        ? '"' + name + '"'
        : '"' + settings.schema() + "\".\"" + name + '"';
  }

  /** What the table holds; empty where there is none. */
  Optional<Table> read(Connection connection) throws SQLException {
    Optional<Description> described = description(connection);
    Map<String, String> there = columns(connection);
    if (described.isEmpty() && !there.isEmpty()) {
      // Another writer may have made both between the two queries.
      described = description(connection);
    }
    if (described.isEmpty()) {
      if (!there.isEmpty()) {
        throw new StoreException(
            settings.name() + ": the table is there, but not one of ours; it has " + there);
      }
      return Optional.empty();
    }
    Table table =
        new Table(described.get().type(), described.get().collection(), extension(connection));
    // The server writes the schema of a type in front of it, unless it is on the search path.
    there.computeIfPresent(EMBEDDING, (name, type) -> type.substring(type.lastIndexOf('.') + 1));
    Map<String, String> needed = columns(table.type().sql(table.collection().dimension()));
    needed.replaceAll((column, type) -> type.replace(BYTE_ORDER, ""));
    needed.forEach(
        (column, type) -> {
          String found = there.getOrDefault(column, "missing");
          if (!found.equals(type)) {
            throw new StoreException(
                settings.name()
                    + ": the column "
                    + column
                    + " is "
                    + found
                    + ", but has to be "
                    + type);
          }
        });
    return Optional.of(table);
  }

  private Optional<Description> description(Connection connection) throws SQLException {
    if (!exists(connection, DESCRIPTIONS)) {
      return Optional.empty();
    }
    String sql =
        "SELECT format, element_type, dimension, metric, vector_space, model, sha256,"
            + " model_precision, preprocessing FROM "
            + qualified(DESCRIPTIONS)
            + " WHERE table_name = ?";
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, settings.table());
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        if (row.getInt(1) != FORMAT) {
          throw new StoreException(
              settings.name()
                  + " has format "
                  + row.getInt(1)
                  + "; this version reads format "
                  + FORMAT);
        }
        return Optional.of(
            new Description(
                ElementType.parse(row.getString(2)),
                new CollectionSpec(
                    row.getInt(3),
                    Similarity.parse(row.getString(4)),
                    new Provenance(
                        row.getString(6),
                        row.getString(7),
                        row.getString(8),
                        row.getString(9),
                        row.getString(5)))));
      }
    }
  }

  private boolean exists(Connection connection, String name) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("SELECT to_regclass(?)")) {
      query.setString(1, qualified(name));
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getString(1) != null;
      }
    }
  }

  /** Whether the HNSW index is there and can be used. */
  boolean isIndexed(Connection connection) throws SQLException {
    String sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(?)";
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, qualified(index()));
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private Map<String, String> columns(Connection connection) throws SQLException {
    String sql =
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            + " WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            + " ORDER BY attnum";
    Map<String, String> columns = new LinkedHashMap<>();
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, table());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          columns.put(row.getString(1), row.getString(2));
        }
      }
    }
    return columns;
  }

  private static Map<String, String> columns(String embedding) {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("id", "text" + BYTE_ORDER);
    columns.put(EMBEDDING, embedding);
    columns.put("deleted", "boolean");
    columns.put("version_timestamp", "bigint");
    columns.put("topic", "text" + BYTE_ORDER);
    columns.put("topic_partition", "integer");
    columns.put("topic_offset", "bigint");
    columns.put("tie_break", "bigint");
    columns.put("uri", "text");
    columns.put("image_format", "text");
    columns.put("width", "integer");
    columns.put("height", "integer");
    columns.put("captured_at", "bigint");
    columns.put("attributes", "jsonb");
    return columns;
  }

  /** Makes the table, unless another process did in the meantime; what it holds then. */
  Table create(Connection connection, CollectionSpec collection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
      statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
      Optional<Table> there = read(connection);
      if (there.isPresent()) {
        return there.get();
      }
      Table made = new Table(settings.type(), collection, extension(connection));
      create(connection, statement, made);
      return made;
    }
  }

  private void create(Connection connection, Statement statement, Table table) throws SQLException {
    statement.execute(
        "CREATE TABLE IF NOT EXISTS "
            + qualified(DESCRIPTIONS)
            + " (table_name text PRIMARY KEY, format integer NOT NULL, element_type text NOT NULL,"
            + " dimension integer NOT NULL, metric text NOT NULL, vector_space text NOT NULL,"
            + " model text NOT NULL, sha256 text NOT NULL, model_precision text NOT NULL,"
            + " preprocessing text NOT NULL)");
    String columns =
        columns(table.extension().type(table.type(), table.collection().dimension()))
            .entrySet()
            .stream()
            .map(column -> column.getKey() + " " + column.getValue())
            .collect(Collectors.joining(", "));
    statement.execute("CREATE TABLE " + table() + " (" + columns + ", PRIMARY KEY (id))");
    statement.execute(
        "CREATE INDEX \""
            + settings.table()
            + "_newest\" ON "
            + table()
            + " (version_timestamp DESC) WHERE NOT deleted");
    String insert =
        "INSERT INTO " + qualified(DESCRIPTIONS) + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    try (PreparedStatement row = connection.prepareStatement(insert)) {
      CollectionSpec collection = table.collection();
      row.setString(1, settings.table());
      row.setInt(2, FORMAT);
      row.setString(3, table.type().sql());
      row.setInt(4, collection.dimension());
      row.setString(5, collection.metric().id());
      row.setString(6, collection.space().vectorSpace());
      row.setString(7, collection.space().model());
      row.setString(8, collection.space().sha256());
      row.setString(9, collection.space().precision());
      row.setString(10, collection.space().preprocessing());
      row.executeUpdate();
    }
  }

  private Extension extension(Connection connection) throws SQLException {
    Optional<Extension> extension = Extension.of(connection);
    if (extension.isEmpty() || !extension.get().isNewEnough()) {
      throw new StoreException(
          settings.name()
              + " needs pgvector 0.8 or newer; the database has "
              + extension.map(Extension::version).orElse("none"));
    }
    return extension.get();
  }

  /**
   * Builds the HNSW index unless it is there.
   *
   * @param rows about as many vectors as there are
   */
  void createIndex(Connection connection, Table table, long rows) throws SQLException {
    int dimension = table.collection().dimension();
    if (dimension > table.type().indexable()) {
      throw new StoreException(
          settings.name()
              + ": an index takes up to "
              + table.type().indexable()
              + " features of type "
              + table.type().sql()
              + ", not "
              + dimension);
    }
    long needed = rows * (dimension * (long) Float.BYTES + 64L * settings.connections()) >> 20;
    long memory = Math.min(settings.indexMemoryMb(), 64 + needed * 5 / 4);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL statement_timeout = 0");
      statement.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
      statement.execute("SET LOCAL maintenance_work_mem = '" + memory + "MB'");
      statement.execute(
          "CREATE INDEX IF NOT EXISTS \""
              + index()
              + "\" ON "
              + table()
              + " USING hnsw ("
              + EMBEDDING
              + " "
              + table.extension().cosineOperators(table.type())
              + ") WITH (m = "
              + settings.connections()
              + ", ef_construction = "
              + settings.efConstruction()
              + ") WHERE NOT deleted");
      statement.execute("ANALYZE " + table());
    }
  }

  private record Description(ElementType type, CollectionSpec collection) {}

  /** What a table holds, as which type, and whose types those are. */
  record Table(ElementType type, CollectionSpec collection, Extension extension) {}
}
