// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.FetchedObject;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link EmbeddingRecord} says.
 *
 * @param id of the image record
 * @param embedding of its image
 * @param source the message that the image came in
 * @param capturedAt when the image was taken; null where it is not known
 * @param attributes of the image record
 * @param fetched what was read at the image record's uri; null where the image was in the record
 */
@NullMarked
@PublicEvolving
public record EmbeddingFields(
    String id,
    Embedding embedding,
    SourcePosition source,
    @Nullable Instant capturedAt,
    Map<String, String> attributes,
    @Nullable FetchedObject fetched) {

  /** Names of fields as JSON, and numbers. */
  private static final int FIXED_BYTES = 1024;

  /** The longest float as JSON, and a comma. */
  private static final int BYTES_OF_A_NUMBER = 16;

  private static final int BYTES_OF_A_SCORE = 60;

  /** Names of fields as JSON, length and time. */
  private static final int BYTES_OF_FETCHED = 128;

  public EmbeddingFields {
    requireNonNull(id, "id");
    requireNonNull(embedding, "embedding");
    requireNonNull(source, "source");
    requireNonNull(attributes, "attributes");
  }

  /** What is said of an image that was in its record. */
  public EmbeddingFields(
      String id,
      Embedding embedding,
      SourcePosition source,
      @Nullable Instant capturedAt,
      Map<String, String> attributes) {
    this(id, embedding, source, capturedAt, attributes, null);
  }

  /**
   * What is to be said of an embedding.
   *
   * @param fetched what was read at the image record's uri; null where the image was in the record
   */
  public static EmbeddingFields of(
      ImageFields image,
      Embedding embedding,
      SourcePosition source,
      @Nullable FetchedObject fetched) {
    return new EmbeddingFields(
        image.id(), embedding, source, image.capturedAt(), image.attributes(), fetched);
  }

  /** An upper bound of the bytes that the record takes, in whichever wire format. */
  public long mostBytes() {
    long bytes = FIXED_BYTES + (long) BYTES_OF_A_NUMBER * embedding.vector().length;
    bytes += text(id) + text(source.topic()) + text(embedding.image().format());
    Provenance made = embedding.provenance();
    bytes += text(made.model()) + text(made.sha256()) + text(made.precision());
    bytes += text(made.preprocessing()) + text(made.vectorSpace());
    for (Map.Entry<String, String> attribute : attributes.entrySet()) {
      bytes += text(attribute.getKey()) + text(attribute.getValue());
    }
    for (ClassScore score : embedding.scores()) {
      bytes += text(score.label()) + BYTES_OF_A_SCORE;
    }
    if (fetched != null) {
      bytes += BYTES_OF_FETCHED + text(fetched.uri()) + text(fetched.sha256());
      bytes += fetched.etag() == null ? 0 : text(fetched.etag());
    }
    return bytes;
  }

  /** As JSON at worst, every character by its number. */
  private static long text(String text) {
    return 20 + 6L * text.length();
  }

  /** The fields of a record. */
  public static EmbeddingFields of(EmbeddingRecord record) {
    List<Float> boxed = record.getEmbedding();
    float[] vector = new float[boxed.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = boxed.get(i);
    }
    Model model = record.getModel();
    Image image = record.getImage();
    return new EmbeddingFields(
        record.getId(),
        new Embedding(
            vector,
            new ImageInfo(image.getFormat(), image.getWidth(), image.getHeight()),
            new Provenance(
                model.getName(),
                model.getSha256(),
                model.getPrecision(),
                model.getPreprocessing(),
                record.getVectorSpace()),
            record.getScores() == null
                ? List.of()
                : record.getScores().stream()
                    .map(score -> new ClassScore(score.getLabel(), score.getScore()))
                    .toList()),
        position(record.getSource()),
        record.getCapturedAt(),
        record.getAttributes(),
        fetched(record.getFetched()));
  }

  private static @Nullable FetchedObject fetched(
      io.imageembedding.schema.@Nullable FetchedObject read) {
    return read == null
        ? null
        : new FetchedObject(
            read.getUri(), read.getLength(), read.getSha256(), read.getEtag(), read.getModified());
  }

  /** The source that a record names. */
  public static SourcePosition position(Source source) {
    return new SourcePosition(
        source.getTopic(),
        source.getPartition(),
        source.getOffset(),
        source.getTimestamp() == null
            ? SourcePosition.NO_TIMESTAMP
            : source.getTimestamp().toEpochMilli());
  }

  /** The position as records have it. */
  public static Source source(SourcePosition position) {
    return new Source(
        position.topic(),
        position.partition(),
        position.offset(),
        position.timestamp() == SourcePosition.NO_TIMESTAMP
            ? null
            : Instant.ofEpochMilli(position.timestamp()));
  }
}
