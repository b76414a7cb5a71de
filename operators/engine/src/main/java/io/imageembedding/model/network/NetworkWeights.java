// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FloatTensor;
import java.util.Map;

/**
 * A MobileNetV2 with the values of its variables.
 *
 * @param variables by TF-Slim's names, as many and of the shapes that {@link
 *     MobileNetV2#variables()} says
 * @param head the classifier behind the features; null where there is none
 */
@Internal
public record NetworkWeights(
    MobileNetV2 network, Map<String, FloatTensor> variables, ClassifierHead head) {}
