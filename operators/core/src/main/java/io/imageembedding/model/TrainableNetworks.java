// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.model.network.TrainableNetwork;

/** Reads networks for training and writing, from wherever models are. */
public final class TrainableNetworks {
  private TrainableNetworks() {}

  /**
   * The MobileNetV2 that the source has, with what it says of its training.
   *
   * @throws ModelException if there is none, it is damaged or refused, is another network, or one
   *     whose batch normalisation is folded
   */
  public static TrainableNetwork read(ModelSource source) {
    return ModelInspector.door(source).open().trainable();
  }
}
