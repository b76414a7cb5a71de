// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.ImageRecord;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Values of messages as they are on the topics of a job, in Avro's single-object encoding: what a
 * consumer is tested with, and what a job is given.
 */
@PublicEvolving
public final class SampleRecords {

  /** The topic that they say images came from. */
  public static final String TOPIC = "images";

  private static final long TIMESTAMP = 1_700_000_000_000L;

  private SampleRecords() {}

  /** An {@code ImageRecord}, of any file. */
  public static byte[] image(String id, byte[] file) {
    return image(id, file, Map.of());
  }

  /** An {@code ImageRecord} with attributes. */
  public static byte[] image(String id, byte[] file, Map<String, String> attributes) {
    return image(new ImageRecord(id, ByteBuffer.wrap(file), null, null, attributes));
  }

  /** An {@code ImageRecord} that says this. */
  public static byte[] image(ImageRecord record) {
    try {
      ByteBuffer encoded = ImageRecord.getEncoder().encode(record);
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An {@code EmbeddingRecord} of a JPEG, in the space of the {@link TinyModel} of that length. */
  public static byte[] embedding(String id, float... vector) {
    Provenance space =
        TinyModel.ofDimension(vector.length).descriptor().provenance(Preprocessing.REFERENCE);
    return embedding(
        new EmbeddingFields(
            id,
            new Embedding(vector, new ImageInfo("jpeg", 640, 480), space),
            new SourcePosition(TOPIC, 0, 0, TIMESTAMP),
            null,
            Map.of()));
  }

  /** An {@code EmbeddingRecord} that says this. */
  public static byte[] embedding(EmbeddingFields fields) {
    try {
      return RecordWriter.embeddings(WireFormat.AVRO, null, TOPIC).write(fields);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A {@code DeadLetter} of a file that is truncated. */
  public static byte[] deadLetter(String id) {
    return deadLetter(
        new DeadLetter(
            id,
            Stage.image,
            Code.TRUNCATED,
            "the png ends before its image does",
            EmbeddingFields.source(new SourcePosition(TOPIC, 0, 0, TIMESTAMP)),
            ByteBuffer.wrap(id.getBytes(StandardCharsets.UTF_8)),
            ByteBuffer.wrap(image(id, SampleImages.truncated())),
            List.of(),
            Instant.ofEpochMilli(TIMESTAMP + 1)));
  }

  /** A {@code DeadLetter} that says this. */
  public static byte[] deadLetter(DeadLetter letter) {
    try {
      return RecordWriter.deadLetters(WireFormat.AVRO, null, TOPIC).write(letter);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
