// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.Image;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.Source;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordVectorsTest {

  private static EmbeddingRecord record(Instant timestamp) {
    return EmbeddingRecord.newBuilder()
        .setId("a")
        .setEmbedding(List.of(1f, 2.5f))
        .setModel(new Model("net", "b".repeat(64), "fp32", "reference"))
        .setVectorSpace("c".repeat(64))
        .setImage(new Image("png", 3, 4))
        .setSource(new Source("images", 2, 17L, timestamp))
        .setCapturedAt(Instant.ofEpochMilli(5))
        .setAttributes(Map.of("uri", "s3://bucket/a.png", "class", "cat"))
        .build();
  }

  @Test
  void everythingThatARecordSaysIsKept() {
    assertThat(RecordVectors.of(EmbeddingFields.of(record(Instant.ofEpochMilli(99)))))
        .isEqualTo(
            new StoredVector(
                "a",
                new float[] {1, 2.5f},
                new Provenance("net", "b".repeat(64), "fp32", "reference", "c".repeat(64)),
                new Version(99, "images", 2, 17),
                new ImageMetadata(
                    new ImageInfo("png", 3, 4),
                    "s3://bucket/a.png",
                    5L,
                    Map.of("uri", "s3://bucket/a.png", "class", "cat"))));
    assertThat(RecordVectors.of(EmbeddingFields.of(record(null))).version().timestamp())
        .isEqualTo(SourcePosition.NO_TIMESTAMP);
  }
}
