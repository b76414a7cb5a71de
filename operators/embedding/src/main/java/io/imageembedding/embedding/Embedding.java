// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Arrays;
import java.util.List;

/**
 * The feature vector of an image: as long as the model's dimension, every feature finite.
 *
 * @param vector not to be changed
 * @param image what the image was
 * @param provenance what made the vector
 * @param scores the likeliest classes, best first; empty where the model is no classifier
 */
@PublicEvolving
public record Embedding(
    float[] vector, ImageInfo image, Provenance provenance, List<ClassScore> scores)
    implements Outcome {

  public Embedding {
    requireNonNull(vector, "vector");
    requireNonNull(image, "image");
    requireNonNull(provenance, "provenance");
    scores = List.copyOf(scores);
  }

  /** The embedding by a model that is no classifier. */
  public Embedding(float[] vector, ImageInfo image, Provenance provenance) {
    this(vector, image, provenance, List.of());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Embedding that
        && Arrays.equals(that.vector, vector)
        && that.image.equals(image)
        && that.provenance.equals(provenance)
        && that.scores.equals(scores);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(vector);
  }

  @Override
  public String toString() {
    return "Embedding("
        + vector.length
        + " features, "
        + image
        + ", "
        + provenance
        + (scores.isEmpty() ? "" : ", " + scores)
        + ")";
  }
}
