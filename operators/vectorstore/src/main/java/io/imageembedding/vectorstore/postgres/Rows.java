// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.MetadataJson;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.postgres.PostgresSchema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.postgresql.PGConnection;

/** Queries for rows of a table, and what they are. */
final class Rows {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String COLUMNS =
      "id, version_timestamp, topic, topic_partition, topic_offset, uri, image_format, width,"
          + " height, captured_at, attributes::text";

  /** The first column behind {@link #COLUMNS}. */
  private static final int NEXT = 12;

  private final String tableName;
  private final Table table;

  Rows(String tableName, Table table) {
    this.tableName = tableName;
    this.table = table;
  }

  /** Sets the parameters of a query. */
  interface Parameters {
    void set(PreparedStatement query) throws SQLException;
  }

  /**
   * The vectors that are there.
   *
   * @param condition and order, what stands behind those that are not deleted
   */
  List<StoredVector> vectors(Connection open, String condition, Parameters parameters)
      throws SQLException {
    String sql =
        "SELECT "
            + COLUMNS
            + ", "
            + table.extension().sent("embedding")
            + " FROM "
            + tableName
            + " WHERE NOT deleted AND embedding IS NOT NULL"
            + condition;
    try (PreparedStatement query = open.prepareStatement(sql)) {
      parameters.set(query);
      List<StoredVector> vectors = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          vectors.add(
              new StoredVector(
                  row.getString(1),
                  BinaryVector.features(row.getBytes(NEXT)),
                  table.collection().space(),
                  version(row),
                  image(row)));
        }
      }
      return vectors;
    }
  }

  /**
   * The nearest vectors, nearest first.
   *
   * @param candidates that the index is asked for, of which the nearest are taken: behind a filter
   *     it has them in no order to rely on
   * @param exactly of all rows, and not by way of the index, which may end before it has found
   *     enough
   */
  Nearest nearest(
      Connection open, float[] vector, int k, Filter filter, int candidates, boolean exactly)
      throws SQLException {
    Extension extension = table.extension();
    String distance =
        "embedding "
            + extension.cosineDistance()
            + " (?::real[])::"
            + extension.type(table.type(), table.collection().dimension());
    String sql =
        "WITH candidates AS MATERIALIZED (SELECT *, "
            + distance
            + " AS \"cosine distance\" FROM "
            + tableName
            + " WHERE NOT deleted AND embedding IS NOT NULL"
            + condition(filter)
            + " ORDER BY "
            // No index is made for a sum.
            + (exactly ? "0 + (" + distance + ")" : distance)
            + " LIMIT ?) SELECT "
            + COLUMNS
            + ", 1 - \"cosine distance\", count(*) OVER () FROM candidates"
            + " ORDER BY \"cosine distance\" LIMIT ?";
    List<Hit> hits = new ArrayList<>();
    long found = 0;
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
      query.setInt(parameter++, candidates);
      query.setInt(parameter, k);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          hits.add(new Hit(row.getString(1), row.getFloat(NEXT), version(row), image(row)));
          found = row.getLong(NEXT + 1);
        }
      }
    }
    hits.sort(Hit.NEAREST_FIRST);
    return new Nearest(List.copyOf(hits), found < candidates);
  }

  /**
   * What a search has found.
   *
   * @param isAll whether there were fewer candidates than it asked for
   */
  record Nearest(List<Hit> hits, boolean isAll) {}

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

  private static Version version(ResultSet row) throws SQLException {
    return new Version(row.getLong(2), text(row, 3), row.getInt(4), row.getLong(5));
  }

  private static ImageMetadata image(ResultSet row) throws SQLException {
    long capturedAt = row.getLong(10);
    Long known = row.wasNull() ? null : capturedAt;
    return new ImageMetadata(
        row.getString(6),
        text(row, 7),
        row.getInt(8),
        row.getInt(9),
        known,
        MetadataJson.attributes(row.getString(11)));
  }

  private static String text(ResultSet row, int column) throws SQLException {
    return Objects.requireNonNullElse(row.getString(column), "");
  }

  /** Attributes as a value of type {@code jsonb}. */
  static String json(Map<String, String> attributes) {
    try {
      return JSON.writeValueAsString(attributes);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
