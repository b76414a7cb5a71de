// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.apache.avro.Schema;

/**
 * What stands before an Avro-encoded record in a message and names its writer's schema: "Single
 * object encoding" of the Avro specification, or the "wire format" of Confluent's schema registry.
 */
final class Framing {
  private static final int SINGLE_OBJECT_HEADER = 10;
  private static final int REGISTRY_HEADER = 5;

  /**
   * A schema that a message names.
   *
   * @param id by which the message names it: always the same schema
   */
  record Writer(long id, Schema schema) {}

  private Framing() {}

  /** Header of messages written with the schema, empty for formats without. */
  static byte[] header(WireFormat format, Schema schema, SchemaRegistry registry, String topic)
      throws IOException {
    return switch (format) {
      case AVRO ->
          ByteBuffer.allocate(SINGLE_OBJECT_HEADER)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put((byte) 0xC3)
              .put((byte) 0x01)
              .putLong(RecordSchemas.fingerprint(schema))
              .array();
      case CONFLUENT_AVRO ->
          ByteBuffer.allocate(REGISTRY_HEADER)
              .put((byte) 0)
              .putInt(registry.register(topic, schema))
              .array();
      case RAW, JSON -> new byte[0];
    };
  }

  /**
   * The writer's schema; the buffer is left at the record's first byte.
   *
   * @throws UnreadableRecordException if the message does not begin as the format does, or its
   *     schema is not known
   */
  static Writer writer(WireFormat format, ByteBuffer message, SchemaRegistry registry)
      throws UnreadableRecordException, IOException {
    if (format == WireFormat.AVRO) {
      if (message.remaining() < SINGLE_OBJECT_HEADER
          || message.get() != (byte) 0xC3
          || message.get() != (byte) 0x01) {
        throw new UnreadableRecordException(
            Code.WRONG_WIRE_FORMAT, "the value is not in Avro's single-object encoding");
      }
      long fingerprint = message.order(ByteOrder.LITTLE_ENDIAN).getLong();
      message.order(ByteOrder.BIG_ENDIAN);
      return known(
          fingerprint,
          RecordSchemas.byFingerprint(fingerprint),
          "with fingerprint " + Long.toHexString(fingerprint));
    }
    if (message.remaining() < REGISTRY_HEADER || message.get() != 0) {
      throw new UnreadableRecordException(
          Code.WRONG_WIRE_FORMAT, "the value does not begin as a schema registry's framing does");
    }
    int id = message.getInt();
    return known(id, registry.schema(id), "with id " + id + " in the registry");
  }

  private static Writer known(long id, Optional<Schema> schema, String which)
      throws UnreadableRecordException {
    return new Writer(
        id,
        schema.orElseThrow(
            () ->
                new UnreadableRecordException(
                    Code.UNKNOWN_SCHEMA, "no known Avro schema " + which)));
  }
}
