// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.NetworkWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A variable of MobileNetV2 or of its classifier.
 *
 * @param name TF-Slim's
 * @param value of the shape that it has in TF-Slim
 */
record NetworkVariable(String name, FloatTensor value) {

  /**
   * All of them in the order in which TF-Slim creates them, those of a classifier last.
   *
   * @throws ModelException if one is missing or of another shape, naming it
   */
  static List<NetworkVariable> of(NetworkWeights weights) {
    List<NetworkVariable> variables = new ArrayList<>();
    for (Layer layer : weights.network().layers()) {
      variables.add(of(weights, layer.weights(), layer.weightsShape()));
      for (String name : List.of("gamma", "beta", "moving_mean", "moving_variance")) {
        variables.add(of(weights, layer.batchNorm(name), layer.outputs()));
      }
    }
    ClassifierHead head = weights.head();
    if (head != null) {
      int features = weights.network().features();
      int classes = head.classes();
      check(MobileNetV2.HEAD_WEIGHTS, head.kernel(), features, classes);
      check(MobileNetV2.HEAD_BIASES, head.biases(), classes);
      // TF-Slim's classifier is a convolution of one pixel: the same values, other dimensions.
      FloatTensor kernel =
          new FloatTensor(new long[] {1, 1, features, classes}, head.kernel().bytes());
      variables.add(new NetworkVariable(MobileNetV2.HEAD_WEIGHTS, kernel));
      variables.add(new NetworkVariable(MobileNetV2.HEAD_BIASES, head.biases()));
    }
    return variables;
  }

  private static NetworkVariable of(NetworkWeights weights, String name, long... shape) {
    FloatTensor value = weights.variables().get(name);
    check(name, value, shape);
    return new NetworkVariable(name, value);
  }

  private static void check(String name, FloatTensor value, long... shape) {
    if (value == null) {
      throw new ModelException("the network has no value for its variable " + name);
    }
    if (!Arrays.equals(value.shape(), shape)
        || value.bytes().length != value.elements() * Float.BYTES) {
      throw new ModelException(
          "the network's variable "
              + name
              + " is "
              + Arrays.toString(value.shape())
              + " in "
              + value.bytes().length
              + " bytes; needed: float32 "
              + Arrays.toString(shape));
    }
  }

  boolean isTrainable() {
    return MobileNetV2.isTrainable(name);
  }

  TensorShapeProto shape() {
    return GraphNodes.shape(value.shape());
  }

  /** What a function calls it: names of arguments are lower-case and have no slashes. */
  static String argument(String name) {
    return name.toLowerCase(Locale.ROOT).replace('/', '_');
  }
}
