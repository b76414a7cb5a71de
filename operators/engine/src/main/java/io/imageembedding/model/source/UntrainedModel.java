// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.optimize.OpenedModel;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A MobileNetV2 of any published depth multiplier and input size, with made-up weights that are
 * always the same: for trying sizes, and a start for training. Its name says that it is untrained.
 *
 * @param network TF-Slim's name, such as {@code mobilenet_v2_0.35_96}
 */
record UntrainedModel(String network, ModelOptions options) implements NamedModel {
  static final String PREFIX = "untrained:";
  private static final long serialVersionUID = 1L;
  private static final long SEED = 20180113;
  private static final Pattern NAME = Pattern.compile("mobilenet_v2_(\\d\\.\\d{1,2})_(\\d{2,3})");

  /**
   * @throws ModelException if there is no such network
   */
  UntrainedModel {
    shape(network);
  }

  private static MobileNetV2 shape(String network) {
    Matcher matcher = NAME.matcher(network);
    if (matcher.matches()) {
      double multiplier = Double.parseDouble(matcher.group(1));
      int size = Integer.parseInt(matcher.group(2));
      if (MobileNetV2.MULTIPLIERS.contains(multiplier) && MobileNetV2.SIZES.contains(size)) {
        return MobileNetV2.of(multiplier, size);
      }
    }
    throw new ModelException(
        String.format(
            Locale.ROOT,
            "'%s%s' names no network; needed: %smobilenet_v2_MULTIPLIER_SIZE, multiplier %s, size"
                + " %s",
            PREFIX,
            network,
            PREFIX,
            MobileNetV2.MULTIPLIERS,
            MobileNetV2.SIZES));
  }

  @Override
  public NamedModel with(ModelOptions other) {
    return new UntrainedModel(network, other);
  }

  @Override
  public OpenedModel read() {
    MobileNetV2 shape = shape(network);
    Random random = new Random(SEED);
    Map<String, FloatTensor> variables = new TreeMap<>();
    shape
        .variables()
        .forEach((name, dimensions) -> variables.put(name, values(name, dimensions, random)));
    return OpenedModel.of(
        ModelOrigin.plain(
            shape.name() + " (untrained)", "built-in network, untrained: made-up weights", null),
        new NetworkWeights(shape, variables, null));
  }

  /** Kernels by He's normal distribution; batch normalisation that changes nothing. */
  private static FloatTensor values(String name, long[] shape, Random random) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    if (shape.length == 1) {
      Arrays.fill(values, name.endsWith("gamma") || name.endsWith("moving_variance") ? 1 : 0);
    } else {
      boolean depthwise = shape[3] == 1;
      double inputs = shape[0] * shape[1] * (depthwise ? 1 : shape[2]);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (random.nextGaussian() * Math.sqrt(2 / inputs));
      }
    }
    return FloatTensor.of(values, shape);
  }

  @Override
  public String toString() {
    return PREFIX + network;
  }
}
