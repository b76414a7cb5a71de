// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.avro.Schema;

/** What stands before an Avro-encoded record in a message and names its writer's schema. */
interface Framing {

  /**
   * A schema that a message names.
   *
   * @param id by which the message names it: always the same schema
   */
  record Writer(long id, Schema schema) {}

  /** Whether a registry knows the schemas. */
  boolean needsRegistry();

  /**
   * Header of messages written with the schema.
   *
   * @throws IOException if the schema registry does not answer or refuses the schema
   */
  byte[] header(Schema schema, SchemaRegistry registry, String topic) throws IOException;

  /**
   * The writer's schema; the buffer is left at the record's first byte.
   *
   * @throws UnreadableRecordException if the message does not begin as the format does, or its
   *     schema is not known
   */
  Writer writer(ByteBuffer message, SchemaRegistry registry)
      throws UnreadableRecordException, IOException;

  /** A schema that has to be known. */
  static Writer known(long id, Optional<Schema> schema, String which)
      throws UnreadableRecordException {
    return new Writer(
        id,
        schema.orElseThrow(
            () ->
                new UnreadableRecordException(
                    Code.UNKNOWN_SCHEMA, "no known Avro schema " + which)));
  }
}
