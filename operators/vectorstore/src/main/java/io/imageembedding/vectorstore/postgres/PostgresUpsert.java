// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.MetadataJson;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Writes a batch in the transaction of its caller, by statements of {@value #ROWS} rows and of one
 * whose vectors travel in binary. The server plans both once, and they are sent without waiting for
 * each other.
 *
 * <p>A row is replaced only by one whose version and tie-break are greater. Equal rows have equal
 * ones, so they are not rewritten.
 */
final class PostgresUpsert {
  /** Rows of a statement; what is left of a batch goes row by row. */
  private static final int ROWS = 20;

  private static final String COLUMNS =
      "id, deleted, embedding, version_timestamp, topic, topic_partition, topic_offset, tie_break,"
          + " uri, image_format, width, height, captured_at, attributes";
  private static final String ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)";

  private static final String UNLESS_NEWER =
      """
       ON CONFLICT (id) DO UPDATE SET
          deleted = excluded.deleted, embedding = excluded.embedding,
          version_timestamp = excluded.version_timestamp, topic = excluded.topic,
          topic_partition = excluded.topic_partition, topic_offset = excluded.topic_offset,
          tie_break = excluded.tie_break, uri = excluded.uri,
          image_format = excluded.image_format, width = excluded.width,
          height = excluded.height, captured_at = excluded.captured_at,
          attributes = excluded.attributes
      WHERE (excluded.version_timestamp, excluded.topic, excluded.topic_partition,
              excluded.topic_offset, excluded.tie_break)
          > (stored.version_timestamp, stored.topic, stored.topic_partition,
              stored.topic_offset, stored.tie_break)
      """;

  private final String insert;
  private final String type;

  /**
   * @param type of vectors, in SQL
   */
  PostgresUpsert(String tableName, String type) {
    this.type = type;
    insert = "INSERT INTO " + tableName + " AS stored (" + COLUMNS + ") VALUES ";
  }

  /**
   * Writes the changes, of which no two are to the same id.
   *
   * @return how many of them were newer than what the table had
   */
  int execute(Connection connection, List<Change> changes) throws SQLException {
    BinaryVector.register(connection, type);
    int whole = changes.size() - changes.size() % ROWS;
    int written = 0;
    if (whole > 0) {
      written += insert(connection, ROWS, changes.subList(0, whole));
    }
    if (whole < changes.size()) {
      written += insert(connection, 1, changes.subList(whole, changes.size()));
    }
    return written;
  }

  private int insert(Connection connection, int rows, List<Change> changes) throws SQLException {
    String values = String.join(", ", Collections.nCopies(rows, ROW));
    try (PreparedStatement statement =
        connection.prepareStatement(insert + values + UNLESS_NEWER)) {
      for (int from = 0; from < changes.size(); from += rows) {
        Row row = new Row(statement, type);
        for (Change change : changes.subList(from, from + rows)) {
          row.add(change);
        }
        statement.addBatch();
      }
      return Arrays.stream(statement.executeBatch()).sum();
    }
  }

  /** Sets the parameters of one row after the other. */
  private static final class Row {
    private final PreparedStatement statement;
    private final String type;
    private int parameter = 1;

    private Row(PreparedStatement statement, String type) {
      this.statement = statement;
      this.type = type;
    }

    private void add(Change change) throws SQLException {
      StoredVector stored = change instanceof StoredVector vector ? vector : null;
      ImageMetadata image = stored == null ? null : stored.image();
      Version version = change.version();
      statement.setString(parameter++, change.id());
      statement.setBoolean(parameter++, stored == null);
      set(stored == null ? null : new BinaryVector(type, stored.vector()), Types.OTHER);
      statement.setLong(parameter++, version.timestamp());
      statement.setString(parameter++, version.topic());
      statement.setInt(parameter++, version.partition());
      statement.setLong(parameter++, version.offset());
      statement.setLong(parameter++, change.tieBreak());
      set(image == null ? null : image.uri(), Types.VARCHAR);
      set(image == null ? null : image.info().format(), Types.VARCHAR);
      set(image == null ? null : image.info().width(), Types.INTEGER);
      set(image == null ? null : image.info().height(), Types.INTEGER);
      set(image == null ? null : image.capturedAt(), Types.BIGINT);
      set(image == null ? null : MetadataJson.write(image.attributes()), Types.VARCHAR);
    }

    private void set(Object value, int type) throws SQLException {
      statement.setObject(parameter++, value, type);
    }
  }
}
