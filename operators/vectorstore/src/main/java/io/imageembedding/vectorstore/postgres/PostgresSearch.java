// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.MetadataJson;
import io.imageembedding.vectorstore.postgres.PostgresSchema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.postgresql.PGConnection;

/**
 * The rows of a table that are nearest to a vector. They are found by the index; where that ends
 * before it has found as many as it was to look at, all that meet the filter are compared.
 */
final class PostgresSearch {
  private final PostgresSettings settings;
  private final PostgresSchema schema;
  private final Table table;

  PostgresSearch(PostgresSettings settings, PostgresSchema schema, Table table) {
    this.settings = settings;
    this.schema = schema;
    this.table = table;
  }

  /** At most {@code k} of those that meet the filter, nearest first. */
  List<Hit> nearest(Connection open, float[] vector, int k, Filter filter) throws SQLException {
    int candidates = filter.conditions().isEmpty() ? k : Math.max(k, settings.efSearch());
    Found found = nearest(open, vector, k, filter, candidates, false);
    return found.isAll() && schema.isIndexed(open)
        // The index gives up after so many rows, also where there are more that match.
        ? nearest(open, vector, k, filter, k, true).hits()
        : found.hits();
  }

  /**
   * The nearest vectors, nearest first.
   *
   * @param candidates that the index is asked for, of which the nearest are taken: behind a filter
   *     it has them in no order to rely on
   * @param exactly of all rows, and not by way of the index, which may end before it has found
   *     enough
   */
  private Found nearest(
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
            + schema.table()
            + " WHERE "
            + PostgresRows.PRESENT
            + condition(filter)
            + " ORDER BY "
            // No index is made for a sum.
            + (exactly ? "0 + (" + distance + ")" : distance)
            + " LIMIT ?) SELECT "
            + PostgresRows.COLUMNS
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
                : MetadataJson.write(Map.of(wanted.getKey(), wanted.getValue())));
      }
      query.setArray(parameter++, floats);
      query.setInt(parameter++, candidates);
      query.setInt(parameter, k);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          hits.add(PostgresRows.hit(row));
          found = row.getLong(PostgresRows.NEXT + 1);
        }
      }
    }
    hits.sort(Hit.NEAREST_FIRST);
    return new Found(List.copyOf(hits), found < candidates);
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

  /**
   * What was found.
   *
   * @param isAll whether there were fewer candidates than were asked for
   */
  private record Found(List<Hit> hits, boolean isAll) {}
}
