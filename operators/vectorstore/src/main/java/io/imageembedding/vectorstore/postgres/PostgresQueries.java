// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.postgres.PostgresSchema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Vectors by id, by the order of ids, by age, and how many there are. */
final class PostgresQueries {
  private final String tableName;
  private final Table table;

  PostgresQueries(String tableName, Table table) {
    this.tableName = tableName;
    this.table = table;
  }

  Optional<StoredVector> get(Connection open, String id) throws SQLException {
    return vectors(open, " AND id = ?", query -> query.setString(1, id)).stream().findFirst();
  }

  /** A page in the order of ids. */
  List<StoredVector> scan(Connection open, String after, int most) throws SQLException {
    return most < 1
        ? List.of()
        : vectors(
            open,
            (after == null ? "" : " AND id > ?") + " ORDER BY id LIMIT ?",
            query -> {
              int parameter = 1;
              if (after != null) {
                query.setString(parameter++, after);
              }
              query.setInt(parameter, most);
            });
  }

  /** Newest first. */
  List<StoredVector> newest(Connection open, int most) throws SQLException {
    return most < 1
        ? List.of()
        : vectors(
            open,
            " ORDER BY version_timestamp DESC, topic DESC, topic_partition DESC,"
                + " topic_offset DESC LIMIT ?",
            query -> query.setInt(1, most));
  }

  /**
   * The vectors that are there.
   *
   * @param condition and order, what stands behind those that are not deleted
   */
  private List<StoredVector> vectors(Connection open, String condition, Parameters parameters)
      throws SQLException {
    String sql =
        "SELECT "
            + PostgresRows.COLUMNS
            + ", "
            + table.extension().sent("embedding")
            + " FROM "
            + tableName
            + " WHERE "
            + PostgresRows.PRESENT
            + condition;
    try (PreparedStatement query = open.prepareStatement(sql)) {
      parameters.set(query);
      List<StoredVector> vectors = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          vectors.add(PostgresRows.vector(row, table.collection()));
        }
      }
      return vectors;
    }
  }

  /** How many vectors there are. */
  long count(Connection open) throws SQLException {
    String sql = "SELECT count(*) FROM " + tableName + " WHERE NOT deleted";
    try (Statement statement = open.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  private interface Parameters {
    void set(PreparedStatement query) throws SQLException;
  }
}
