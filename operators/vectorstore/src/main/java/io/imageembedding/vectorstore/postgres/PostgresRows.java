// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.MetadataJson;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;

/** What rows of a table are. */
final class PostgresRows {

  /** Which rows are vectors, and not deletions. */
  static final String PRESENT = "NOT deleted AND embedding IS NOT NULL";

  /** What a row is selected by. */
  static final String COLUMNS =
      "id, version_timestamp, topic, topic_partition, topic_offset, uri, image_format, width,"
          + " height, captured_at, attributes::text";

  /** The first column behind {@link #COLUMNS}. */
  static final int NEXT = 12;

  private PostgresRows() {}

  /** A row whose next column is the vector as {@link Extension#sent} selects it. */
  static StoredVector vector(ResultSet row, CollectionSpec collection) throws SQLException {
    return new StoredVector(
        row.getString(1),
        BinaryVector.features(row.getBytes(NEXT)),
        collection.space(),
        version(row),
        image(row));
  }

  /** A row whose next column is the cosine. */
  static Hit hit(ResultSet row) throws SQLException {
    return new Hit(row.getString(1), row.getFloat(NEXT), version(row), image(row));
  }

  private static Version version(ResultSet row) throws SQLException {
    return new Version(row.getLong(2), text(row, 3), row.getInt(4), row.getLong(5));
  }

  private static ImageMetadata image(ResultSet row) throws SQLException {
    long capturedAt = row.getLong(10);
    Long known = row.wasNull() ? null : capturedAt;
    return new ImageMetadata(
        new ImageInfo(text(row, 7), row.getInt(8), row.getInt(9)),
        row.getString(6),
        known,
        MetadataJson.attributes(row.getString(11)));
  }

  private static String text(ResultSet row, int column) throws SQLException {
    return Objects.requireNonNullElse(row.getString(column), "");
  }
}
