// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.TestingVectors;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.Driver;
import org.postgresql.PGConnection;

/**
 * What the store's speed is measured against: the server's own bulk loader, binary COPY, in batches
 * of 100 that are each a transaction, of ids, vectors and attributes only. Arguments: address of a
 * store whose table does not exist, number of vectors.
 */
final class BareLoader {
  private static final int DIMENSION = 1280;
  private static final int BATCH = 100;

  private BareLoader() {}

  public static void main(String[] args) throws SQLException, IOException {
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(args[0]));
    int count = Integer.parseInt(args[1]);
    TestingVectors vectors = new TestingVectors(DIMENSION, 5);
    float[][] some = new float[1000][];
    for (int i = 0; i < some.length; i++) {
      some[i] = vectors.next();
    }
    try (Connection connection = new Driver().connect(settings.url(), settings.connection());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE "
              + settings.table()
              + " (id text PRIMARY KEY, embedding vector(1280), attributes text)");
      String copy = "COPY " + settings.table() + " FROM STDIN (FORMAT binary)";
      long start = System.nanoTime();
      for (int from = 0; from < count; from += BATCH) {
        var in = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copy);
        byte[] rows = rows(from, some);
        in.writeToCopy(rows, 0, rows.length);
        in.endCopy();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "bare COPY: %d in %.1f s, %.0f a second%n", count, seconds, count / seconds);
    }
  }

  private static byte[] rows(int from, float[][] some) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeBytes("PGCOPY\n\u00ff\r\n\0");
    out.writeInt(0);
    out.writeInt(0);
    for (int i = from; i < from + BATCH; i++) {
      out.writeShort(3);
      text(out, "image-" + i + ".jpg");
      out.writeInt(2 * Short.BYTES + DIMENSION * Float.BYTES);
      out.writeShort(DIMENSION);
      out.writeShort(0);
      for (float feature : some[i % some.length]) {
        out.writeFloat(feature);
      }
      text(out, "{\"class\": \"class-" + i % 10 + "\"}");
    }
    out.writeShort(-1);
    return bytes.toByteArray();
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }
}
