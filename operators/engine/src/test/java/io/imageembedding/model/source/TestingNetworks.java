// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.network.Regularizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Networks with made-up weights, the same at every call, under which activations stay moderate. */
public final class TestingNetworks {
  private TestingNetworks() {}

  public static NetworkWeights seeded(double multiplier, int size, ClassifierHead head) {
    MobileNetV2 network = MobileNetV2.of(multiplier, size);
    Random random = new Random(42);
    Map<String, FloatTensor> variables = new TreeMap<>();
    layers(network)
        .forEach(
            layer -> {
              int channels = layer.outputs();
              int inputs =
                  layer.kernel() * layer.kernel() * (layer.depthwise() ? 1 : layer.inputs());
              variables.put(
                  layer.weights(),
                  normal(random, 0, Math.sqrt(2.0 / inputs), layer.weightsShape()));
              variables.put(layer.batchNorm("gamma"), normal(random, 1, 0.1, channels));
              variables.put(layer.batchNorm("beta"), normal(random, 0.2, 0.1, channels));
              variables.put(layer.batchNorm("moving_mean"), normal(random, 0, 0.1, channels));
              variables.put(
                  layer.batchNorm("moving_variance"), uniform(random, 0.5, 1.5, channels));
            });
    return new NetworkWeights(network, variables, head);
  }

  public static ClassifierHead head(int features, int classes, boolean softmax) {
    Random random = new Random(43);
    return new ClassifierHead(
        normal(random, 0, 0.05, features, classes), normal(random, 0, 1, classes), softmax);
  }

  public static Stream<Layer> layers(MobileNetV2 network) {
    return network.layers().stream();
  }

  /** TF-Slim's: weight decay of every convolution but the depthwise ones. */
  public static List<Regularizer> weightDecay(MobileNetV2 network) {
    return layers(network)
        .filter(layer -> !layer.depthwise())
        .map(layer -> Regularizer.weightDecay(layer.weights(), 4e-5f))
        .toList();
  }

  private static FloatTensor normal(Random random, double mean, double deviation, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return FloatTensor.of(values, shape);
  }

  private static FloatTensor uniform(Random random, double from, double to, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (from + (to - from) * random.nextDouble());
    }
    return FloatTensor.of(values, shape);
  }
}
