// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The fields of an {@link EmbeddingRecord}, with the vector as an array.
 *
 * @param capturedAt null where it is not known
 * @param scores the likeliest classes, best first; null where the model is no classifier
 */
@PublicEvolving
public record EmbeddingFields(
    String id,
    float[] embedding,
    Model model,
    String vectorSpace,
    Image image,
    Source source,
    Instant capturedAt,
    Map<String, String> attributes,
    List<ClassScore> scores) {

  /** The fields of a record. */
  public static EmbeddingFields of(EmbeddingRecord record) {
    List<Float> boxed = record.getEmbedding();
    float[] vector = new float[boxed.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = boxed.get(i);
    }
    return new EmbeddingFields(
        record.getId(),
        vector,
        record.getModel(),
        record.getVectorSpace(),
        record.getImage(),
        record.getSource(),
        record.getCapturedAt(),
        record.getAttributes(),
        record.getScores());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbeddingFields that
        && that.id.equals(id)
        && Arrays.equals(that.embedding, embedding)
        && that.model.equals(model)
        && that.vectorSpace.equals(vectorSpace)
        && that.image.equals(image)
        && that.source.equals(source)
        && Objects.equals(that.capturedAt, capturedAt)
        && that.attributes.equals(attributes)
        && Objects.equals(that.scores, scores);
  }

  @Override
  public int hashCode() {
    return 31 * id.hashCode() + Arrays.hashCode(embedding);
  }
}
