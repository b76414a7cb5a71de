// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * The current schemas, and every one that was ever published, by which the bytes of older writers
 * are known.
 */
final class RecordSchemas {

  /** Name of a schema to its published versions, 1 to n; resources {@code history/NAME-n.avsc}. */
  static final Map<String, Integer> VERSIONS =
      Map.of("ImageRecord", 1, "EmbeddingRecord", 3, "DeadLetter", 5);

  private static final Map<Long, Schema> BY_FINGERPRINT = new HashMap<>();

  static {
    for (Schema current :
        List.of(ImageRecord.SCHEMA$, EmbeddingRecord.SCHEMA$, DeadLetter.SCHEMA$)) {
      add(current);
    }
    VERSIONS.forEach(
        (name, versions) -> {
          for (int version = 1; version <= versions; version++) {
            add(published(name, version));
          }
        });
  }

  private RecordSchemas() {}

  private static void add(Schema schema) {
    BY_FINGERPRINT.putIfAbsent(fingerprint(schema), schema);
  }

  /** CRC-64-AVRO of the schema's parsing canonical form. */
  static long fingerprint(Schema schema) {
    return SchemaNormalization.parsingFingerprint64(schema);
  }

  /** A schema that was published at any time. */
  static Optional<Schema> byFingerprint(long fingerprint) {
    return Optional.ofNullable(BY_FINGERPRINT.get(fingerprint));
  }

  static Schema published(String name, int version) {
    String resource = "history/" + name + "-" + version + ".avsc";
    try (InputStream in = RecordSchemas.class.getResourceAsStream(resource)) {
      return new Schema.Parser().parse(in);
    } catch (IOException e) {
      throw new IllegalStateException("resource " + resource + " is damaged", e);
    }
  }
}
