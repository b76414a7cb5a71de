// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.network.FoldedLayer;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.MobileNetV2.Operations;
import io.imageembedding.model.network.NetworkWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The same weights in PyTorch, called through DJL's operations. */
final class DjlEngine implements Engine {
  private static final String ENGINE = "PyTorch";
  private static final Shape NO_PADDING = new Shape(0, 0);
  private static final Shape NO_DILATION = new Shape(1, 1);

  private record Convolution(FoldedLayer folded, NDArray kernel, NDArray biases) {}

  private final NDManager manager = NDManager.newBaseManager(ENGINE);
  private final MobileNetV2 network;
  private final Map<String, Convolution> convolutions = new HashMap<>();
  private final Operations<NDArray> operations =
      new Operations<>() {
        @Override
        public NDArray layer(Layer layer, NDArray input) {
          return convolve(convolutions.get(layer.scope()), input);
        }

        @Override
        public NDArray residual(String scope, NDArray input, NDArray output) {
          return input.add(output);
        }
      };

  private NDArray images;

  private DjlEngine(NetworkWeights weights) {
    network = weights.network();
    for (Layer layer : network.layers()) {
      FoldedLayer folded = FoldedLayer.of(layer, weights.variables());
      convolutions.put(
          layer.scope(),
          new Convolution(
              folded,
              manager.create(folded.kernel(), new Shape(folded.shape())),
              manager.create(folded.biases())));
    }
  }

  static Factory factory() {
    NetworkWeights weights = Fixtures.weights();
    return () -> new DjlEngine(weights);
  }

  @Override
  public void load(float[] pixels, int count) {
    if (images != null) {
      images.close();
    }
    float[] some = Arrays.copyOf(pixels, count * Fixtures.PIXELS);
    images = manager.create(some, new Shape(count, Fixtures.SIZE, Fixtures.SIZE, 3));
  }

  @Override
  public float[][] embed() {
    try (NDManager scope = manager.newSubManager()) {
      NDArray input = images.duplicate();
      input.attach(scope);
      NDArray last = network.walk(input.mul(2).sub(1).transpose(0, 3, 1, 2), operations);
      return rows(last.mean(new int[] {3}).mean(new int[] {2}));
    }
  }

  private static NDArray convolve(Convolution convolution, NDArray input) {
    Layer layer = convolution.folded().layer();
    boolean halves = layer.stride() == 2;
    Shape padding = NO_PADDING;
    NDArray padded = input;
    if (layer.kernel() > 1 && halves) {
      // TensorFlow's SAME on an even size: one row and one column at the end only.
      padded = input.pad(new Shape(0, 1, 0, 1), 0);
    } else if (layer.kernel() > 1) {
      padding = new Shape(1, 1);
    }
    NDList result =
        Conv2d.conv2d(
            padded,
            convolution.kernel(),
            convolution.biases(),
            new Shape(layer.stride(), layer.stride()),
            padding,
            NO_DILATION,
            convolution.folded().groups());
    NDArray output = result.singletonOrThrow();
    return layer.relu6() ? output.clip(0, 6) : output;
  }

  private static float[][] rows(NDArray vectors) {
    float[] all = vectors.toFloatArray();
    List<float[]> rows = new ArrayList<>();
    for (int from = 0; from < all.length; from += Fixtures.FEATURES) {
      rows.add(Arrays.copyOfRange(all, from, from + Fixtures.FEATURES));
    }
    return rows.toArray(new float[0][]);
  }

  @Override
  public void close() {
    manager.close();
  }
}
