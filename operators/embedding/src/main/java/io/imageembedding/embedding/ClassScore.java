// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;

/**
 * How sure a classifier is of one class.
 *
 * @param label name of the class
 * @param score probability of the class, 0 to 1
 */
@PublicEvolving
public record ClassScore(String label, float score) {

  public ClassScore {
    requireNonNull(label, "label");
  }
}
