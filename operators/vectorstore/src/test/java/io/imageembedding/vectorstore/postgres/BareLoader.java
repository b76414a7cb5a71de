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
 * the same columns except those of the version, every batch a transaction.
 */
public final class BareLoader {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String COLUMNS =
      "id, embedding, uri, image_format, width, height, captured_at, attributes";

  private final PostgresSettings settings;

  /**
   * @param address of a table that is made by each loop
   */
  public BareLoader(String address) {
    settings = PostgresSettings.of(StoreAddress.parse(address));
  }

  private Connection connect(int dimension) throws SQLException {
    Properties properties = settings.connection();
    properties.setProperty(PGProperty.REWRITE_BATCHED_INSERTS.getName(), "true");
    Connection connection = new Driver().connect(settings.url(), properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
      statement.execute(
          "CREATE TABLE "
              + settings.table()
              + " (id text PRIMARY KEY, embedding vector("
              + dimension
              + "), uri text, image_format text, width integer, height integer, captured_at bigint,"
              + " attributes jsonb)");
    }
    return connection;
  }

  /** Removes the table. */
  public void drop() throws SQLException {
    try (Connection connection = new Driver().connect(settings.url(), settings.connection());
        Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE " + settings.table());
    }
  }

  /**
   * Multi-row INSERT … ON CONFLICT of pgvector's own type, by the driver's rewriting of batches.
   *
   * @return seconds
   */
  public double upsert(List<List<StoredVector>> batches) throws SQLException {
    String sql =
        "INSERT INTO "
            + settings.table()
            + " ("
            + COLUMNS
            + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?::jsonb) ON CONFLICT (id) DO UPDATE SET"
            + " embedding = excluded.embedding, uri = excluded.uri,"
            + " image_format = excluded.image_format, width = excluded.width,"
            + " height = excluded.height, captured_at = excluded.captured_at,"
            + " attributes = excluded.attributes";
    try (Connection connection = connect(batches.get(0).get(0).vector().length)) {
      PGvector.addVectorType(connection);
      connection.setAutoCommit(false);
      long start = System.nanoTime();
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        for (List<StoredVector> batch : batches) {
          for (StoredVector vector : batch) {
            ImageMetadata image = vector.image();
            statement.setString(1, vector.id());
            statement.setObject(2, new PGvector(vector.vector()));
            statement.setString(3, image.uri());
            statement.setString(4, image.format());
            statement.setInt(5, image.width());
            statement.setInt(6, image.height());
            statement.setObject(7, image.capturedAt(), Types.BIGINT);
            statement.setString(8, json(image));
            statement.addBatch();
          }
          statement.executeBatch();
          connection.commit();
        }
      }
      return secondsSince(start);
    }
  }

  /**
   * Binary COPY, which cannot replace what is there.
   *
   * @return seconds
   */
  public double copy(List<List<StoredVector>> batches) throws SQLException, IOException {
    String copy = "COPY " + settings.table() + " (" + COLUMNS + ") FROM STDIN (FORMAT binary)";
    try (Connection connection = connect(batches.get(0).get(0).vector().length)) {
      long start = System.nanoTime();
      for (List<StoredVector> batch : batches) {
        var in = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copy);
        byte[] rows = rows(batch);
        in.writeToCopy(rows, 0, rows.length);
        in.endCopy();
      }
      return secondsSince(start);
    }
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
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
      text(out, image.format());
      out.writeInt(Integer.BYTES);
      out.writeInt(image.width());
      out.writeInt(Integer.BYTES);
      out.writeInt(image.height());
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
