// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a model is, as far as can be seen without running it on images.
 *
 * @param name for people
 * @param form what it was found in
 * @param network TF-Slim's name of the MobileNetV2 that it is; null for another network
 * @param trainable whether it can be trained and exported
 * @param signatures each with tags, inputs and outputs
 * @param functions concrete functions of {@code __call__}, each with arguments and outputs
 * @param variables number of variables that the vectors are computed with
 * @param parameters number of values in them
 * @param trainableParameters number of those that training changes by a gradient; null if not known
 * @param multiplyAdds multiplications of convolutions and matrix products for one image; null if
 *     not known
 * @param inputSize width and height of the images, in pixels
 * @param dimension length of the vectors
 * @param output what the vectors are: {@code features}, {@code logits} or {@code probabilities}
 * @param sha256 digest of the content, as in a {@link ModelDescriptor}
 * @param operations how often each operation is used
 * @param inputRange numbers that it takes for colours
 * @param hint what should be looked at before it is used; null if there is nothing
 */
@PublicEvolving
public record ModelDescription(
    String name,
    String form,
    @Nullable String network,
    boolean trainable,
    List<String> signatures,
    List<String> functions,
    int variables,
    long parameters,
    @Nullable Long trainableParameters,
    @Nullable Long multiplyAdds,
    int inputSize,
    int dimension,
    String output,
    String sha256,
    Map<String, Integer> operations,
    String inputRange,
    @Nullable String hint) {}
