// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A network with all that its training needs.
 *
 * @param weights where training starts
 * @param batchNormDecay of the moving averages of batch normalisation, as the module's own training
 *     function has it; empty where it has none
 * @param regularizers the module's own regularisation losses; empty where it has none
 */
@Internal
public record TrainableNetwork(
    NetworkWeights weights, OptionalDouble batchNormDecay, List<Regularizer> regularizers) {}
