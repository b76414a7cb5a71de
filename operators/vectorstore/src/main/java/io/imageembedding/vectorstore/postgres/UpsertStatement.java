// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.postgres.PostgresSchema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;
import org.postgresql.PGConnection;

/**
 * Writes a batch in one statement. Its parameters are arrays, one for each column, and all vectors
 * are one flat array of floats that the server cuts: so that they travel in binary, and one
 * statement does for batches of any size.
 *
 * <p>A row is replaced only by one whose version and tie-break are greater. Equal rows have equal
 * ones, so they are not rewritten.
 */
final class UpsertStatement {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String sql;
  private final int dimension;

  UpsertStatement(String tableName, Table table) {
    dimension = table.collection().dimension();
    sql =
        """
        INSERT INTO %1$s AS stored (id, deleted, embedding, version_timestamp, topic,
            topic_partition, topic_offset, tie_break, uri, image_format, width, height,
            captured_at, attributes)
        SELECT id, vector_at = 0,
            CASE WHEN vector_at > 0
                THEN ((?::real[])[vector_at : vector_at + %2$d - 1])::%3$s END,
            version_timestamp, topic, topic_partition, topic_offset, tie_break, uri, image_format,
            width, height, captured_at, attributes::jsonb
        FROM unnest(?::text[], ?::integer[], ?::bigint[], ?::text[], ?::integer[], ?::bigint[],
            ?::bigint[], ?::text[], ?::text[], ?::integer[], ?::integer[], ?::bigint[], ?::text[])
            AS given (id, vector_at, version_timestamp, topic, topic_partition, topic_offset,
                tie_break, uri, image_format, width, height, captured_at, attributes)
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
        """
            .formatted(tableName, dimension, table.type().sql(dimension));
  }

  /**
   * Writes the changes, of which no two are to the same id.
   *
   * @return how many of them were newer than what the table had
   */
  int execute(Connection connection, List<Change> changes) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      PGConnection pg = connection.unwrap(PGConnection.class);
      statement.setArray(1, pg.createArrayOf("float4", floats(changes)));
      Arrays arrays = new Arrays(connection, statement, changes);
      arrays.set("text", Change::id);
      statement.setArray(3, pg.createArrayOf("int4", places(changes)));
      arrays.skip();
      arrays.setVersion("int8", Version::timestamp);
      arrays.setVersion("text", Version::topic);
      arrays.setVersion("int4", Version::partition);
      arrays.setVersion("int8", Version::offset);
      arrays.set("int8", Change::tieBreak);
      arrays.setImage("text", ImageMetadata::uri);
      arrays.setImage("text", ImageMetadata::format);
      arrays.setImage("int4", ImageMetadata::width);
      arrays.setImage("int4", ImageMetadata::height);
      arrays.setImage("int8", ImageMetadata::capturedAt);
      arrays.setImage("text", UpsertStatement::json);
      return statement.executeUpdate();
    }
  }

  private float[] floats(List<Change> changes) {
    List<StoredVector> vectors =
        changes.stream()
            .filter(StoredVector.class::isInstance)
            .map(StoredVector.class::cast)
            .toList();
    float[] floats = new float[vectors.size() * dimension];
    for (int i = 0; i < vectors.size(); i++) {
      System.arraycopy(vectors.get(i).vector(), 0, floats, i * dimension, dimension);
    }
    return floats;
  }

  /** Where each change's vector begins, as SQL counts; 0 for a deletion. */
  private int[] places(List<Change> changes) {
    int[] places = new int[changes.size()];
    int next = 1;
    for (int i = 0; i < places.length; i++) {
      if (changes.get(i) instanceof StoredVector) {
        places[i] = next;
        next += dimension;
      }
    }
    return places;
  }

  private static String json(ImageMetadata image) {
    try {
      return JSON.writeValueAsString(image.attributes());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sets one parameter after the other, from the second on. */
  private static final class Arrays {
    private final Connection connection;
    private final PreparedStatement statement;
    private final List<Change> changes;
    private int parameter = 2;

    private Arrays(Connection connection, PreparedStatement statement, List<Change> changes) {
      this.connection = connection;
      this.statement = statement;
      this.changes = changes;
    }

    private void set(String type, Function<Change, Object> column) throws SQLException {
      statement.setArray(
          parameter++, connection.createArrayOf(type, changes.stream().map(column).toArray()));
    }

    private void setVersion(String type, Function<Version, Object> column) throws SQLException {
      set(type, change -> column.apply(change.version()));
    }

    private void setImage(String type, Function<ImageMetadata, Object> column) throws SQLException {
      set(
          type,
          change -> change instanceof StoredVector stored ? column.apply(stored.image()) : null);
    }

    private void skip() {
      parameter++;
    }
  }
}
