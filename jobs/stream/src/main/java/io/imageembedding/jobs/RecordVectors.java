// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.time.Instant;
import java.util.Optional;
import org.apache.flink.annotation.Internal;

/** What a store keeps of the records that the job writes. */
@Internal
public final class RecordVectors {
  private RecordVectors() {}

  /** The vector of a record as the job writes it. */
  public static StoredVector of(EmbeddingFields record) {
    return StoredVector.of(
        record.id(),
        record.embedding(),
        new Version(record.source()),
        record.attributes().get(StoredVector.URI_ATTRIBUTE),
        Optional.ofNullable(record.capturedAt()).map(Instant::toEpochMilli).orElse(null),
        record.attributes());
  }
}
