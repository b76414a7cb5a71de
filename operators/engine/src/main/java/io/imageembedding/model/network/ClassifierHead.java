// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FloatTensor;

/**
 * A dense layer from features to classes.
 *
 * @param kernel {@code [features, classes]}
 * @param biases {@code [classes]}
 * @param softmax whether probabilities come out and not logits
 */
@Internal
public record ClassifierHead(FloatTensor kernel, FloatTensor biases, boolean softmax) {

  /** Number of classes. */
  public int classes() {
    return (int) biases.elements();
  }
}
