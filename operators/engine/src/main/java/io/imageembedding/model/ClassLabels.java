// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;
import java.util.List;

/**
 * How the vectors of a classifier are to be read: feature i belongs to class i.
 *
 * @param labels names of the classes, as many as the vectors have features
 * @param logits whether the softmax over a vector is the classes' probabilities; else it holds them
 *     as it is
 */
@PublicEvolving
public record ClassLabels(List<String> labels, boolean logits) {

  public ClassLabels {
    labels = List.copyOf(labels);
  }
}
