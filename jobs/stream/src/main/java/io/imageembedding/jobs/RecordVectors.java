// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.Source;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorSpace;
import io.imageembedding.vectorstore.Version;
import java.util.Map;
import org.apache.flink.annotation.Internal;

/** What a store keeps of the records that the job writes. */
@Internal
public final class RecordVectors {
  private RecordVectors() {}

  /** The vector of a record as the job writes it. */
  public static StoredVector of(EmbeddingRecord record) {
    return of(EmbeddingFields.of(record));
  }

  /** The vector of a record as the job writes it. */
  public static StoredVector of(EmbeddingFields record) {
    Model model = record.model();
    Map<String, String> attributes = record.attributes();
    return new StoredVector(
        record.id(),
        record.embedding(),
        new VectorSpace(
            record.vectorSpace(),
            model.getName(),
            model.getSha256(),
            model.getPrecision(),
            model.getPreprocessing()),
        version(record.source()),
        new ImageMetadata(
            attributes.get(StoredVector.URI_ATTRIBUTE),
            record.image().getFormat(),
            record.image().getWidth(),
            record.image().getHeight(),
            record.capturedAt() == null ? null : record.capturedAt().toEpochMilli(),
            attributes));
  }

  /** The version of what came in a message. */
  public static Version version(Source source) {
    return new Version(
        source.getTimestamp() == null ? Version.NO_TIMESTAMP : source.getTimestamp().toEpochMilli(),
        source.getTopic(),
        source.getPartition(),
        source.getOffset());
  }
}
