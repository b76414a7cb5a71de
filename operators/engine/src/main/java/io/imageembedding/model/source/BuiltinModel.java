// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.Safetensors;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.optimize.OpenedModel;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/**
 * MobileNetV2 1.0 at 224 pixels with the weights of the TF-Slim checkpoint mobilenet_v2_1.0_224,
 * raw variables (not the moving averages, so not bit-equal to what Google published as a module).
 * Batch normalisation is folded into the convolutions.
 */
@Internal
public record BuiltinModel(ModelOptions options) implements NamedModel {
  static final String NAME = "builtin";
  static final String WEIGHTS = "mobilenet_v2_1.0_224.safetensors";
  static final String WEIGHTS_SHA256 =
      "ff9e04fc8f2c2317f7b95c92c9f78eb4c5ba9e6205efe21a6c494973353bbcd3";
  private static final String NETWORK = "mobilenet_v2_1.0_224";
  private static final long serialVersionUID = 1L;

  public static Map<String, FloatTensor> weights() {
    try (InputStream in = BuiltinModel.class.getResourceAsStream(WEIGHTS)) {
      if (in == null) {
        throw new ModelException("builtin model: resource " + WEIGHTS + " is missing");
      }
      byte[] bytes = in.readAllBytes();
      String found = ContentDigest.sha256(bytes);
      if (!found.equals(WEIGHTS_SHA256)) {
        throw new ModelException(
            "builtin model: resource " + WEIGHTS + " is damaged, its SHA-256 is " + found);
      }
      return Safetensors.parse(bytes);
    } catch (IOException e) {
      throw new ModelException("builtin model: resource " + WEIGHTS + " cannot be read", e);
    }
  }

  @Override
  public NamedModel with(ModelOptions other) {
    return new BuiltinModel(other);
  }

  @Override
  public OpenedModel read() {
    return OpenedModel.of(
        ModelOrigin.plain(NETWORK, "built-in network with ImageNet weights", null),
        new NetworkWeights(MobileNetV2.of(1.0, 224), weights(), null));
  }

  @Override
  public String toString() {
    return NAME;
  }
}
