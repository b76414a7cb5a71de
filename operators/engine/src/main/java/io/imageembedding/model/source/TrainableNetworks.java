// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.optimize.OpenedModel;
import java.util.List;

/** Reads networks for training and writing, from wherever models are. */
@Internal
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

  /**
   * Names of the classes of the source's classifier; empty where it has none, or no labels.
   *
   * @throws ModelException if the model or its labels cannot be read
   */
  public static List<String> labels(ModelSource source) {
    NamedModel door = ModelInspector.door(source);
    return door.open().labels(door.options());
  }

  /**
   * Loads a network into native memory that the caller owns, and proves it.
   *
   * @param name for people
   * @throws ModelException if it fails the proof
   */
  public static FeatureVectorModel load(String name, NetworkWeights weights) {
    return OpenedModel.of(ModelOrigin.plain(name, "network", null), weights)
        .load(ModelOptions.NONE);
  }
}
