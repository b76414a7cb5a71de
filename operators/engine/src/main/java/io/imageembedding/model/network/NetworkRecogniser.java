// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.MobileNetV2.Block;
import io.imageembedding.model.network.MobileNetV2.Layer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Finds out whether a graph is a MobileNetV2, by following its data flow back from the output;
 * names of nodes and variables are not looked at. Batch normalisation may be fused of any
 * generation, spelled out, or folded; padding SAME or explicit; the mean a reduction or a pooling;
 * a classifier a convolution or a matrix product.
 */
@Internal
public final class NetworkRecogniser {
  private static final double MAPPING_TOLERANCE = 1e-6;

  private final FlatGraph graph;
  private final MobileNetV2 network;
  private final Map<String, FloatTensor> variables = new TreeMap<>();
  private final Map<String, String> holders = new TreeMap<>();
  private boolean trainable = true;

  /**
   * A graph that is a MobileNetV2.
   *
   * @param holders by TF-Slim's names of the variables: names of the nodes that hold them
   * @param trainable whether each batch normalisation is there with its parts; where it was folded
   *     into a convolution, the weights give the same vectors but cannot be trained the same way
   */
  public record Recognised(
      NetworkWeights weights, Map<String, String> holders, boolean trainable) {}

  private NetworkRecogniser(FlatGraph graph, MobileNetV2 network) {
    this.graph = graph;
    this.network = network;
  }

  /**
   * @param inputSize width and height of the images that the graph takes
   * @return empty if it is another network
   */
  public static Optional<Recognised> recognise(FlatGraph graph, int inputSize) {
    if (inputSize < 32 || inputSize > 1024 || inputSize % 32 != 0) {
      return Optional.empty();
    }
    try {
      NetworkTail tail = NetworkTail.of(graph, inputSize / 32);
      if (tail == null) {
        return Optional.empty();
      }
      for (double multiplier : MobileNetV2.MULTIPLIERS) {
        NetworkRecogniser attempt =
            new NetworkRecogniser(graph, MobileNetV2.of(multiplier, inputSize));
        if (attempt.matches(tail.features())) {
          return Optional.of(attempt.result(tail));
        }
      }
      return Optional.empty();
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      // Not even well formed where a MobileNetV2 would be.
      return Optional.empty();
    }
  }

  private Recognised result(NetworkTail tail) {
    return new Recognised(
        new NetworkWeights(network, variables, tail.head(network.features())), holders, trainable);
  }

  private boolean matches(Tensor last) {
    Tensor current = last;
    List<Block> blocks = new ArrayList<>(network.blocks());
    int[] sizes = inputSizes();
    for (int i = blocks.size() - 1; i >= 0 && current != null; i--) {
      current = block(blocks.get(i), sizes[i], current);
    }
    return current != null && isMappedImage(current);
  }

  /** Width of the feature map that each block takes. */
  private int[] inputSizes() {
    int[] sizes = new int[network.blocks().size()];
    int size = network.inputSize();
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = size;
      for (Layer layer : network.blocks().get(i).layers()) {
        size = (size + layer.stride() - 1) / layer.stride();
      }
    }
    return sizes;
  }

  /** The tensor that the block takes, or null if it is not this block. */
  private Tensor block(Block block, int size, Tensor output) {
    if (!block.residual()) {
      return layers(block, size, output);
    }
    Node sum = output.node();
    if (!sum.is("Add", "AddV2", "AddN") || sum.inputs().size() != 2) {
      return null;
    }
    for (int side = 0; side < 2; side++) {
      Tensor input = layers(block, size, sum.input(side));
      if (input != null && input.equals(sum.input(1 - side))) {
        return input;
      }
    }
    return null;
  }

  private Tensor layers(Block block, int size, Tensor output) {
    Tensor current = output;
    for (int i = block.layers().size() - 1; i >= 0 && current != null; i--) {
      current = layer(block.layers().get(i), size, current);
      // Only the depthwise layer of a block may have a stride, and what is before has its size.
    }
    return current;
  }

  private Tensor layer(Layer layer, int size, Tensor output) {
    Tensor current = layer.relu6() ? beforeRelu6(output) : output;
    if (current == null) {
      return null;
    }
    Affine affine = Affine.IDENTITY;
    BatchNorm batchNorm = null;
    int steps = 0;
    while (!isConvolution(current.node())) {
      Optional<BatchNorm> spelledOut = BatchNorm.spelledOut(graph, current);
      Optional<Affine.Step> step =
          spelledOut.isPresent() ? spelledOut.map(BatchNorm::step) : Affine.step(graph, current);
      if (step.isEmpty()) {
        return null;
      }
      if (current.node().op().startsWith("FusedBatchNorm")) {
        batchNorm = BatchNorm.fused(graph, current.node()).orElseThrow();
      } else if (spelledOut.isPresent()) {
        batchNorm = spelledOut.get();
      }
      steps++;
      affine = affine.after(step.get().affine());
      current = step.get().input();
    }
    return convolution(layer, size, current.node(), affine, steps == 1 ? batchNorm : null);
  }

  private static boolean isConvolution(Node node) {
    return node.is("Conv2D", "DepthwiseConv2dNative");
  }

  private Tensor beforeRelu6(Tensor tensor) {
    Node node = tensor.node();
    if (node.is("Relu6")) {
      return node.input(0);
    }
    if (node.is("ClipByValue") && isScalar(node.input(1), 0) && isScalar(node.input(2), 6)) {
      return node.input(0);
    }
    if (node.is("Minimum") && isScalar(node.input(1), 6)) {
      Node inner = node.input(0).node();
      if (inner.is("Relu") || inner.is("Maximum") && isScalar(inner.input(1), 0)) {
        return inner.input(0);
      }
    }
    return null;
  }

  private boolean isScalar(Tensor tensor, double value) {
    return Affine.vector(graph, tensor, 0)
        .filter(row -> row.length == 1 && row[0] == value)
        .isPresent();
  }

  private Tensor convolution(Layer layer, int size, Node node, Affine affine, BatchNorm batchNorm) {
    Optional<FloatTensor> kernel = graph.value(node.input(1));
    boolean fits =
        layer.depthwise() == node.is("DepthwiseConv2dNative")
            && kernel.isPresent()
            && Arrays.equals(kernel.get().shape(), layer.weightsShape())
            && Attributes.hasInts(node, "strides", layer.stride())
            && Attributes.hasInts(node, "dilations", 1)
            && Attributes.isNhwc(node);
    if (!fits) {
      return null;
    }
    Tensor input = unpadded(layer, size, node);
    if (input != null) {
      keep(layer.weights(), kernel.get(), node.input(1));
      keepBatchNorm(layer, affine, batchNorm);
    }
    return input;
  }

  /** What a convolution takes, before padding; null if that is not what SAME would pad. */
  private Tensor unpadded(Layer layer, int size, Node node) {
    Tensor input = node.input(0);
    String padding = node.attribute("padding").getS().toStringUtf8();
    if (padding.equals("SAME")) {
      return input;
    }
    int outputs = (size + layer.stride() - 1) / layer.stride();
    int total = Math.max((outputs - 1) * layer.stride() + layer.kernel() - size, 0);
    int before = total / 2;
    List<Integer> same = List.of(0, 0, before, total - before, before, total - before, 0, 0);
    if (padding.equals("EXPLICIT")) {
      List<Integer> given =
          node.attribute("explicit_paddings").getList().getIList().stream()
              .map(Long::intValue)
              .toList();
      return given.equals(same) ? input : null;
    }
    if (total == 0) {
      return input;
    }
    Node pad = input.node();
    boolean padsZeros = pad.is("Pad") || pad.is("PadV2") && isScalar(pad.input(2), 0);
    return padsZeros && Attributes.ints(pad.input(1)).equals(same) ? pad.input(0) : null;
  }

  private void keep(String variable, FloatTensor value, Tensor tensor) {
    variables.put(variable, value);
    if (tensor != null) {
      holders.put(variable, FlatGraph.holder(tensor).name());
    }
  }

  private void keepBatchNorm(Layer layer, Affine affine, BatchNorm batchNorm) {
    int channels = layer.outputs();
    // A float32 of 0.001 is not quite 0.001.
    if (batchNorm != null && Math.abs(batchNorm.epsilon() - MobileNetV2.EPSILON) < 1e-8) {
      if (batchNorm.gamma() == null) {
        keep(layer.batchNorm("gamma"), row(new double[] {1}, channels), null);
      } else {
        keep(layer, "gamma", batchNorm.gamma());
      }
      keep(layer, "beta", batchNorm.beta());
      keep(layer, "moving_mean", batchNorm.mean());
      keep(layer, "moving_variance", batchNorm.variance());
      return;
    }
    trainable = false;
    keep(layer.batchNorm("gamma"), row(affine.scale(), channels), null);
    keep(layer.batchNorm("beta"), row(affine.shift(), channels), null);
    keep(layer.batchNorm("moving_mean"), row(new double[] {0}, channels), null);
    double one = 1 - MobileNetV2.EPSILON;
    keep(layer.batchNorm("moving_variance"), row(new double[] {one}, channels), null);
  }

  private void keep(Layer layer, String part, Tensor tensor) {
    FloatTensor value = graph.value(tensor).orElseThrow();
    if (value.elements() != layer.outputs()) {
      throw new IllegalArgumentException(part + " has another number of channels");
    }
    keep(
        layer.batchNorm(part),
        new FloatTensor(new long[] {layer.outputs()}, value.bytes()),
        tensor);
  }

  private static FloatTensor row(double[] values, int channels) {
    if (values.length != 1 && values.length != channels) {
      throw new IllegalArgumentException(values.length + " values for " + channels + " channels");
    }
    float[] row = new float[channels];
    for (int c = 0; c < channels; c++) {
      row[c] = (float) values[values.length == 1 ? 0 : c];
    }
    return FloatTensor.of(row, channels);
  }

  /** Whether it is the images, mapped from [0,1] to [-1,1]. */
  private boolean isMappedImage(Tensor tensor) {
    Affine affine = Affine.IDENTITY;
    Tensor current = tensor;
    while (!current.node().is("Placeholder")) {
      Optional<Affine.Step> step = Affine.step(graph, current);
      if (step.isEmpty()) {
        return false;
      }
      affine = affine.after(step.get().affine());
      current = step.get().input();
    }
    return near(affine.scale(), 2) && near(affine.shift(), -1);
  }

  private static boolean near(double[] values, double expected) {
    return Arrays.stream(values).allMatch(value -> Math.abs(value - expected) <= MAPPING_TOLERANCE);
  }
}
