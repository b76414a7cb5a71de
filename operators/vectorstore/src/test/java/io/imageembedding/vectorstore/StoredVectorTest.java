// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.Image;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.Source;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class StoredVectorTest {

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
    assertThat(StoredVector.of(record(Instant.ofEpochMilli(99))))
        .isEqualTo(
            new StoredVector(
                "a",
                new float[] {1, 2.5f},
                new VectorSpace("c".repeat(64), "net", "b".repeat(64), "fp32", "reference"),
                new Version(99, "images", 2, 17),
                new ImageMetadata(
                    "s3://bucket/a.png",
                    "png",
                    3,
                    4,
                    5L,
                    Map.of("uri", "s3://bucket/a.png", "class", "cat"))));
    assertThat(StoredVector.of(record(null)).version().timestamp()).isEqualTo(Version.NO_TIMESTAMP);
  }

  @Test
  void versionsAreOrderedByTimeThenOffsetWithinAPartition() {
    List<Version> inOrder =
        List.of(
            new Version(Version.NO_TIMESTAMP, "b", 9, 9),
            new Version(1, "a", 0, 5),
            new Version(1, "a", 0, 6),
            new Version(1, "a", 1, 0),
            new Version(1, "b", 0, 0),
            // By UTF-8, not by UTF-16, in which the second would come first.
            new Version(1, "\uff5e", 0, 0),
            new Version(1, "\ud83d\ude00", 0, 0),
            new Version(2, "a", 0, 0));
    for (int i = 0; i < inOrder.size(); i++) {
      for (int j = 0; j < inOrder.size(); j++) {
        assertThat(Integer.signum(inOrder.get(i).compareTo(inOrder.get(j))))
            .isEqualTo(Integer.compare(i, j));
      }
    }
  }

  @Test
  void ofTheSameVersionADeletionIsTheNewest() {
    StoredVector one = TestingVectors.stored("a", new float[] {1}, Version.at(1));
    StoredVector other = TestingVectors.stored("a", new float[] {2}, Version.at(1));
    StoredVector tagged =
        TestingVectors.stored("a", new float[] {1}, Version.at(1), Map.of("k", "v"));
    assertThat(Stream.of(one, other, tagged).map(StoredVector::tieBreak).distinct()).hasSize(3);
    assertThat(Stream.of(one, other, tagged))
        .allMatch(v -> Change.BY_AGE.compare(v, new Deletion("a", Version.at(1))) < 0);
  }

  @Test
  void answersAreReadAsTheyWereWritten() throws IOException {
    StoredSerializer<Long> serializer = new StoredSerializer<>(LongSerializer.INSTANCE);
    for (Stored<Long> answer :
        List.of(
            new Stored<>(4L, Optional.empty()),
            new Stored<>(
                5L,
                Optional.of(
                    new RefusedChange(3, "a", RefusedChange.Reason.ZERO_NORM, "is zero"))))) {
      DataOutputSerializer out = new DataOutputSerializer(64);
      serializer.serialize(answer, out);
      assertThat(serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
          .isEqualTo(answer);
    }
  }
}
