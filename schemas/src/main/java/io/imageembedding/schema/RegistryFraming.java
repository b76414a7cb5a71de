// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.avro.Schema;

/** The "wire format" of Confluent's schema registry. */
final class RegistryFraming implements Framing {
  private static final int HEADER = 5;

  @Override
  public boolean needsRegistry() {
    return true;
  }

  @Override
  public byte[] header(Schema schema, SchemaRegistry registry, String topic) throws IOException {
    return ByteBuffer.allocate(HEADER)
        .put((byte) 0)
        .putInt(registry.register(topic, schema))
        .array();
  }

  @Override
  public Writer writer(ByteBuffer message, SchemaRegistry registry)
      throws UnreadableRecordException, IOException {
    if (message.remaining() < HEADER || message.get() != 0) {
      throw new UnreadableRecordException(
          Code.WRONG_WIRE_FORMAT, "the value does not begin as a schema registry's framing does");
    }
    int id = message.getInt();
    return Framing.known(id, registry.schema(id), "with id " + id + " in the registry");
  }
}
