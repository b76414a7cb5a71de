// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

/**
 * The network of "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (table 2) as TF-Slim's
 * {@code mobilenet_v2.py} builds and names it, without the classifier: RGB in [0,1] in, mapped to
 * [-1,1], the mean over the last feature map out.
 */
final class MobileNetV2 {
  static final String INPUT = "images";
  static final String OUTPUT = "features";
  static final int INPUT_SIZE = 224;

  /** TF-Slim's epsilon of batch normalisation. */
  private static final double EPSILON = 0.001;

  /** Expansion, output channels, repetitions and first stride of each row of the paper's table. */
  private static final int[][] BOTTLENECKS = {
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1},
  };

  private static final int FIRST_CHANNELS = 32;
  private static final int LAST_CHANNELS = 1280;

  /**
   * A convolution with its batch normalisation.
   *
   * @param scope of its variables in the checkpoint
   * @param depthwise whether each channel has a kernel of its own
   * @param relu6 whether an activation follows; a projection is linear
   */
  record Layer(
      String scope,
      boolean depthwise,
      int kernel,
      int stride,
      int inputs,
      int outputs,
      boolean relu6) {

    String weights() {
      return scope + (depthwise ? "/depthwise_weights" : "/weights");
    }

    String batchNorm(String variable) {
      return scope + "/BatchNorm/" + variable;
    }

    long[] weightsShape() {
      return depthwise
          ? new long[] {kernel, kernel, inputs, 1}
          : new long[] {kernel, kernel, inputs, outputs};
    }
  }

  /** Layers in a row; with a residual the input is added to the last one's output. */
  record Block(List<Layer> layers, boolean residual) {}

  private final List<Block> blocks;

  private MobileNetV2(List<Block> blocks) {
    this.blocks = blocks;
  }

  static MobileNetV2 ofDepthMultiplier1() {
    List<Block> blocks = new ArrayList<>();
    blocks.add(single(new Layer("MobilenetV2/Conv", false, 3, 2, 3, FIRST_CHANNELS, true)));
    int channels = FIRST_CHANNELS;
    int number = 0;
    for (int[] row : BOTTLENECKS) {
      for (int repetition = 0; repetition < row[2]; repetition++) {
        String scope = "MobilenetV2/expanded_conv" + (number == 0 ? "" : "_" + number);
        int stride = repetition == 0 ? row[3] : 1;
        blocks.add(bottleneck(scope, row[0], channels, row[1], stride));
        channels = row[1];
        number++;
      }
    }
    blocks.add(single(new Layer("MobilenetV2/Conv_1", false, 1, 1, channels, LAST_CHANNELS, true)));
    return new MobileNetV2(blocks);
  }

  private static Block single(Layer layer) {
    return new Block(List.of(layer), false);
  }

  private static Block bottleneck(
      String scope, int expansion, int inputs, int outputs, int stride) {
    int expanded = inputs * expansion;
    List<Layer> layers = new ArrayList<>();
    if (expansion > 1) {
      layers.add(new Layer(scope + "/expand", false, 1, 1, inputs, expanded, true));
    }
    layers.add(new Layer(scope + "/depthwise", true, 3, stride, expanded, expanded, true));
    layers.add(new Layer(scope + "/project", false, 1, 1, expanded, outputs, false));
    return new Block(layers, stride == 1 && inputs == outputs);
  }

  /** Name and shape of every variable. */
  Map<String, long[]> variables() {
    Map<String, long[]> variables = new TreeMap<>();
    for (Block block : blocks) {
      for (Layer layer : block.layers()) {
        variables.put(layer.weights(), layer.weightsShape());
        for (String name : List.of("gamma", "beta", "moving_mean", "moving_variance")) {
          variables.put(layer.batchNorm(name), new long[] {layer.outputs()});
        }
      }
    }
    return variables;
  }

  /** The network with batch normalisation folded into weights and biases, all constants. */
  GraphDef foldedGraph(Safetensors weights) {
    GraphNodes nodes = new GraphNodes();
    nodes.placeholder(INPUT, DataType.DT_FLOAT, GraphNodes.shape(-1, INPUT_SIZE, INPUT_SIZE, 3));
    String doubled = binary(nodes, "doubled", "Mul", INPUT, nodes.constant("two", new float[] {2}));
    String current =
        binary(nodes, "centred", "Sub", doubled, nodes.constant("one", new float[] {1}));
    for (Block block : blocks) {
      String before = current;
      for (Layer layer : block.layers()) {
        current = convolution(nodes, layer, weights, current);
      }
      if (block.residual()) {
        current = binary(nodes, current + ".residual", "AddV2", before, current);
      }
    }
    nodes
        .node(OUTPUT, "Mean", current, nodes.constant("height.and.width", 1, 2))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    return nodes.graph().build();
  }

  private static String binary(GraphNodes nodes, String name, String op, String a, String b) {
    nodes.node(name, op, a, b).putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    return name;
  }

  private static String convolution(
      GraphNodes nodes, Layer layer, Safetensors weights, String input) {
    String name = layer.scope().replace('/', '.');
    float[] kernel = weights.values(layer.weights());
    float[] gamma = weights.values(layer.batchNorm("gamma"));
    float[] beta = weights.values(layer.batchNorm("beta"));
    float[] mean = weights.values(layer.batchNorm("moving_mean"));
    float[] variance = weights.values(layer.batchNorm("moving_variance"));
    int channels = layer.outputs();
    double[] scale = new double[channels];
    float[] bias = new float[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = gamma[c] / Math.sqrt(variance[c] + EPSILON);
      bias[c] = (float) (beta[c] - mean[c] * scale[c]);
    }
    // The last dimension that is not 1 is the output channel, of full and depthwise kernels alike.
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) (kernel[i] * scale[i % channels]);
    }
    nodes
        .node(
            name,
            layer.depthwise() ? "DepthwiseConv2dNative" : "Conv2D",
            input,
            nodes.constant(name + ".weights", kernel, layer.weightsShape()))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("strides", GraphNodes.ints(1, layer.stride(), layer.stride(), 1))
        .putAttr("padding", GraphNodes.text("SAME"))
        .putAttr("data_format", GraphNodes.text("NHWC"));
    String biased = name + ".biased";
    nodes
        .node(biased, "BiasAdd", name, nodes.constant(name + ".bias", bias, channels))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    if (!layer.relu6()) {
      return biased;
    }
    nodes.node(name + ".relu6", "Relu6", biased).putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    return name + ".relu6";
  }
}
