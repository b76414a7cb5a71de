// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.Regularizer;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** How TF-Slim trains MobileNetV2. */
record SlimTraining(MobileNetV2 network) implements OpenedModel.Training {

  @Override
  public OptionalDouble batchNormDecay() {
    return OptionalDouble.of(MobileNetV2.BATCH_NORM_DECAY);
  }

  @Override
  public List<Regularizer> regularizers(Map<String, String> variables) {
    return Regularizer.weightDecays(network, Regularizer.SLIM_WEIGHT_DECAY);
  }
}
