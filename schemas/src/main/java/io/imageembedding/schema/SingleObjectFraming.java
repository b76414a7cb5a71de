// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.avro.Schema;

/** "Single object encoding" of the Avro specification. */
final class SingleObjectFraming implements Framing {
  private static final int HEADER = 10;

  @Override
  public boolean needsRegistry() {
    return false;
  }

  @Override
  public byte[] header(Schema schema, SchemaRegistry registry, String topic) {
    return ByteBuffer.allocate(HEADER)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0xC3)
        .put((byte) 0x01)
        .putLong(RecordSchemas.fingerprint(schema))
        .array();
  }

  @Override
  public Writer writer(ByteBuffer message, SchemaRegistry registry)
      throws UnreadableRecordException {
    if (message.remaining() < HEADER
        || message.get() != (byte) 0xC3
        || message.get() != (byte) 0x01) {
      throw new UnreadableRecordException(
          Code.WRONG_WIRE_FORMAT, "the value is not in Avro's single-object encoding");
    }
    long fingerprint = message.order(ByteOrder.LITTLE_ENDIAN).getLong();
    message.order(ByteOrder.BIG_ENDIAN);
    return Framing.known(
        fingerprint,
        RecordSchemas.byFingerprint(fingerprint),
        "with fingerprint " + Long.toHexString(fingerprint));
  }
}
