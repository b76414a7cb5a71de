// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.util.PGBinaryObject;
import org.postgresql.util.PGobject;

/**
 * A parameter of pgvector's type {@code vector} as the server sends and takes it: its dimension and
 * a zero, as shorts, and the features.
 */
final class BinaryVector extends PGobject implements PGBinaryObject {
  private static final long serialVersionUID = 1L;
  private static final int HEADER = 2 * Short.BYTES;

  private final transient float[] features;

  /**
   * @param type the type's name in SQL
   */
  BinaryVector(String type, float[] features) {
    setType(type);
    this.features = features;
  }

  /** Lets a connection send such parameters. */
  static void register(Connection connection, String type) throws SQLException {
    connection.unwrap(PGConnection.class).addDataType(type, BinaryVector.class);
  }

  /** The features of a vector that the server sent. */
  static float[] features(byte[] bytes) {
    float[] features = new float[(bytes.length - HEADER) / Float.BYTES];
    ByteBuffer.wrap(bytes, HEADER, bytes.length - HEADER).asFloatBuffer().get(features);
    return features;
  }

  @Override
  public int lengthInBytes() {
    return HEADER + features.length * Float.BYTES;
  }

  @Override
  public void toBytes(byte[] bytes, int offset) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, lengthInBytes());
    buffer.putShort((short) features.length).putShort((short) 0);
    buffer.asFloatBuffer().put(features);
  }

  @Override
  public void setByteValue(byte[] value, int offset) {
    throw new UnsupportedOperationException("vectors are read by BinaryVector.features");
  }
}
