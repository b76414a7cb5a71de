// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * The extension pgvector as a database has it, with its names written so that they mean the same
 * whatever the search path is.
 *
 * @param schema that its types and operators are in, quoted
 */
record Extension(String schema, String version) {
  private static final int LEAST_MINOR_VERSION = 8;

  /** The database's own, if it has one. */
  static Optional<Extension> of(Connection connection) throws SQLException {
    String sql =
        "SELECT quote_ident(nspname), extversion FROM pg_extension"
            + " JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next()
          ? Optional.of(new Extension(row.getString(1), row.getString(2)))
          : Optional.empty();
    }
  }

  /** Whether it can go on searching where a filter leaves fewer than were asked for. */
  boolean isNewEnough() {
    String[] parts = version.split("\\.");
    return parts.length >= 2
        && (!parts[0].equals("0") || Integer.parseInt(parts[1]) >= LEAST_MINOR_VERSION);
  }

  String type(ElementType type) {
    return schema + "." + type.sql();
  }

  String type(ElementType type, int dimension) {
    return schema + "." + type.sql(dimension);
  }

  /** Between two vectors: one minus their cosine. */
  String cosineDistance() {
    return "OPERATOR(" + schema + ".<=>)";
  }

  String cosineOperators(ElementType type) {
    return schema + "." + type.sql() + "_cosine_ops";
  }

  /** A column of vectors as {@link BinaryVector#features} reads it. */
  String sent(String column) {
    return schema + ".vector_send(" + column + "::" + type(ElementType.VECTOR) + ")";
  }
}
