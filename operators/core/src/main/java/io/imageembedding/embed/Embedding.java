// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.image.ImageInfo;
import java.util.Arrays;

/**
 * The feature vector of an image: as long as the model's dimension, every feature finite.
 *
 * @param vector not to be changed
 * @param image what the image was
 * @param provenance what made the vector
 */
public record Embedding(float[] vector, ImageInfo image, Provenance provenance) implements Outcome {

  public Embedding {
    checkNotNull(vector, "vector");
    checkNotNull(image, "image");
    checkNotNull(provenance, "provenance");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Embedding that
        && Arrays.equals(that.vector, vector)
        && that.image.equals(image)
        && that.provenance.equals(provenance);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(vector);
  }

  @Override
  public String toString() {
    return "Embedding(" + vector.length + " features, " + image + ", " + provenance + ")";
  }
}
