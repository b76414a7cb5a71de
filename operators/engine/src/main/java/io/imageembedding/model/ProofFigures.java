// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.Internal;
import io.imageembedding.annotation.PublicEvolving;
import java.util.OptionalDouble;

/**
 * What the proof of a model at load found; differences are the largest ones of any feature.
 *
 * @param dimension length of the vectors
 * @param sameBits whether an image has the same bits alone and in batches
 * @param sameVector whether it has the same vector alone and in batches, to 1e-5 of the largest
 *     magnitude; where it has not, images are run one by one
 * @param spread between vectors of different images
 * @param again between vectors of the same image, asked for twice
 * @param alone between vectors of the same image, alone and in a batch
 * @param goldens between vectors and the golden ones that lie beside the model; empty if there are
 *     none
 */
@PublicEvolving
public record ProofFigures(
    int dimension,
    boolean sameBits,
    boolean sameVector,
    double spread,
    double again,
    double alone,
    OptionalDouble goldens) {

  @Internal
  public ProofFigures withGoldens(OptionalDouble difference) {
    return new ProofFigures(dimension, sameBits, sameVector, spread, again, alone, difference);
  }
}
