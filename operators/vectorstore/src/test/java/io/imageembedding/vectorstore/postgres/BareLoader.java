// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.pgvector.PGvector;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoredVector;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;

/**
 * What the store's speed is measured against: loops as one would write them with the driver, with
 * the same columns except those of the version, every batch a transaction, into a table that is
 * made for it and dropped at the end.
 */
public final class BareLoader implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String COLUMNS =
      "id, embedding, uri, image_format, width, height, captured_at, attributes";

  private final String table;
  private final Connection connection;
  private final PreparedStatement upsert;

  public BareLoader(String address, int dimension) throws SQLException {
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(address));
    table = settings.table();
    Properties properties = settings.connection(true);
    properties.setProperty(PGProperty.REWRITE_BATCHED_INSERTS.getName(), "true");
    connection = new Driver().connect(settings.url(), properties);
    execute("CREATE EXTENSION IF NOT EXISTS vector");
    execute(
        "CREATE TABLE %s (id text PRIMARY KEY, embedding vector(%d), uri text, image_format text,"
                .formatted(table, dimension)
            + " width integer, height integer, captured_at bigint, attributes jsonb)");
    PGvector.addVectorType(connection);
    connection.setAutoCommit(false);
    upsert =
        connection.prepareStatement(
            "INSERT INTO "
                + table
                + " ("
                + COLUMNS
                + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?::jsonb) ON CONFLICT (id) DO UPDATE SET"
                + " embedding = excluded.embedding, uri = excluded.uri,"
                + " image_format = excluded.image_format, width = excluded.width,"
                + " height = excluded.height, captured_at = excluded.captured_at,"
                + " attributes = excluded.attributes");
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Multi-row INSERT … ON CONFLICT of pgvector's own type, by the driver's rewriting. */
  public void upsert(List<StoredVector> batch) throws SQLException {
    for (StoredVector vector : batch) {
      ImageMetadata image = vector.image();
      upsert.setString(1, vector.id());
      upsert.setObject(2, new PGvector(vector.vector()));
      upsert.setString(3, image.uri());
      upsert.setString(4, image.info().format());
      upsert.setInt(5, image.info().width());
      upsert.setInt(6, image.info().height());
      upsert.setObject(7, image.capturedAt(), Types.BIGINT);
      upsert.setString(8, json(image));
      upsert.addBatch();
    }
    upsert.executeBatch();
    connection.commit();
  }

  /** Binary COPY, which cannot replace what is there. */
  public void copy(List<StoredVector> batch) throws SQLException, IOException {
    var in =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("COPY " + table + " (" + COLUMNS + ") FROM STDIN (FORMAT binary)");
    byte[] rows = rows(batch);
    in.writeToCopy(rows, 0, rows.length);
    in.endCopy();
    connection.commit();
  }

  @Override
  public void close() throws SQLException {
    execute("DROP TABLE " + table);
    connection.commit();
    connection.close();
  }

  /** Drops the table of a store. */
  public static void drop(String address) throws SQLException {
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(address));
    try (Connection connection = new Driver().connect(settings.url(), settings.connection(true));
        Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE " + settings.table());
    }
  }

  private static byte[] rows(List<StoredVector> batch) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeBytes("PGCOPY\n\u00ff\r\n\0");
    out.writeInt(0);
    out.writeInt(0);
    for (StoredVector stored : batch) {
      out.writeShort(8);
      text(out, stored.id());
      float[] vector = stored.vector();
      out.writeInt(2 * Short.BYTES + vector.length * Float.BYTES);
      out.writeShort(vector.length);
      out.writeShort(0);
      for (float feature : vector) {
        out.writeFloat(feature);
      }
      ImageMetadata image = stored.image();
      text(out, image.uri());
      text(out, image.info().format());
      out.writeInt(Integer.BYTES);
      out.writeInt(image.info().width());
      out.writeInt(Integer.BYTES);
      out.writeInt(image.info().height());
      // Nothing is known about when the image was taken.
      out.writeInt(-1);
      byte[] json = json(image).getBytes(StandardCharsets.UTF_8);
      out.writeInt(1 + json.length);
      out.writeByte(1);
      out.write(json);
    }
    out.writeShort(-1);
    return bytes.toByteArray();
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String json(ImageMetadata image) {
    try {
      return JSON.writeValueAsString(image.attributes());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
