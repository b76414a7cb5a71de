// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.Internal;
import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.image.InputRange;
import io.imageembedding.image.Preprocessing;
import java.io.Serializable;

/**
 * What a loaded model is.
 *
 * @param name a name for people; not an identity
 * @param sha256 hex digest of the model's content: of each variable its key, type, shape and bytes,
 *     and of the chosen function; the same wherever the model is stored
 * @param inputSize width and height of the images it takes, in pixels
 * @param dimension length of the vectors it gives
 * @param precision arithmetic it runs in: {@code fp32} or {@code bf16}
 * @param cosine smallest cosine between its vectors and those of fp32, on probe images; 1 for fp32
 * @param inputRange of the numbers that it takes for colours
 */
@PublicEvolving
public record ModelDescriptor(
    String name,
    String sha256,
    int inputSize,
    int dimension,
    String precision,
    double cosine,
    InputRange inputRange)
    implements Serializable {

  /** Of a model that takes colours in [0,1]. */
  public ModelDescriptor(
      String name, String sha256, int inputSize, int dimension, String precision, double cosine) {
    this(name, sha256, inputSize, dimension, precision, cosine, InputRange.UNIT);
  }

  /** Provenance of the vectors that the model makes of images prepared like this. */
  public Provenance provenance(Preprocessing preprocessing) {
    return Provenance.of(name, sha256, precision, preprocessing.id(inputRange));
  }

  @Internal
  public ModelDescriptor in(InputRange range) {
    return new ModelDescriptor(name, sha256, inputSize, dimension, precision, cosine, range);
  }
}
