// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.MobileNetV2.Operations;
import io.imageembedding.model.network.NetworkWeights;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.DataType;

/**
 * MobileNetV2 with batch normalisation folded into the convolutions, all variables constants. The
 * mapping of [0,1] to [-1,1] cannot be folded, because padding comes after it; whoever has mapped
 * the pixels already feeds the node behind it.
 */
@Internal
public final class FoldedNetwork {
  private static final String INPUT = "images";
  private static final String CENTRED = "centred";

  private final NetworkWeights weights;
  private final Map<Layer, Convolution> convolutions = new HashMap<>();

  /** Kernel and bias of a layer with its batch normalisation in them. */
  record Convolution(float[] kernel, float[] bias) {}

  public FoldedNetwork(NetworkWeights weights) {
    this.weights = weights;
    for (Layer layer : weights.network().layers()) {
      convolutions.put(layer, fold(layer, weights.variables()));
    }
  }

  /** Digest of the variables and of what is computed on them. */
  static String digest(NetworkWeights weights) {
    ContentDigest digest = new ContentDigest();
    Map<String, FloatTensor> used = new TreeMap<>(weights.variables());
    ClassifierHead head = weights.head();
    if (head != null) {
      used.put(MobileNetV2.HEAD_WEIGHTS, head.kernel());
      used.put(MobileNetV2.HEAD_BIASES, head.biases());
    }
    used.forEach((key, tensor) -> digest.variable(key, "DT_FLOAT", tensor.shape(), tensor.bytes()));
    String computed =
        weights.network().name()
            + (head == null ? "" : head.softmax() ? "/probabilities" : "/logits");
    digest.function(computed.getBytes(StandardCharsets.UTF_8));
    return digest.hex();
  }

  private static Convolution fold(Layer layer, Map<String, FloatTensor> weights) {
    float[] kernel = weights.get(layer.weights()).values();
    float[] gamma = weights.get(layer.batchNorm("gamma")).values();
    float[] beta = weights.get(layer.batchNorm("beta")).values();
    float[] mean = weights.get(layer.batchNorm("moving_mean")).values();
    float[] variance = weights.get(layer.batchNorm("moving_variance")).values();
    int channels = layer.outputs();
    double[] scale = new double[channels];
    float[] bias = new float[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = gamma[c] / Math.sqrt(variance[c] + MobileNetV2.EPSILON);
      bias[c] = (float) (beta[c] - mean[c] * scale[c]);
    }
    // The last dimension that is not 1 is the output channel, of full and depthwise kernels alike.
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) (kernel[i] * scale[i % channels]);
    }
    return new Convolution(kernel, bias);
  }

  MobileNetV2 network() {
    return weights.network();
  }

  Convolution convolution(Layer layer) {
    return convolutions.get(layer);
  }

  /** The network in fp32. */
  public RunnableGraph graph() {
    GraphNodes nodes = new GraphNodes();
    return output(nodes, network().walk(input(nodes), operations(nodes)));
  }

  private Operations<String> operations(GraphNodes nodes) {
    return new Operations<>() {
      @Override
      public String layer(Layer layer, String input) {
        return FoldedNetwork.this.layer(nodes, layer, input);
      }

      @Override
      public String residual(String scope, String input, String output) {
        return binary(nodes, output + ".residual", "AddV2", DataType.DT_FLOAT, input, output);
      }
    };
  }

  /** In fp32. */
  String layer(GraphNodes nodes, Layer layer, String input) {
    Convolution convolution = convolutions.get(layer);
    String name = name(layer);
    return layer(
        nodes,
        layer,
        DataType.DT_FLOAT,
        input,
        nodes.constant(name + ".weights", convolution.kernel(), layer.weightsShape()),
        nodes.constant(name + ".bias", convolution.bias(), layer.outputs()));
  }

  static String name(Layer layer) {
    return layer.scope().replace('/', '.');
  }

  /** Images in [0,1], mapped to [-1,1]. */
  String input(GraphNodes nodes) {
    nodes.placeholder(
        INPUT,
        DataType.DT_FLOAT,
        GraphNodes.shape(-1, network().inputSize(), network().inputSize(), 3));
    String doubled =
        binary(
            nodes,
            "doubled",
            "Mul",
            DataType.DT_FLOAT,
            INPUT,
            nodes.constant("two", new float[] {2}));
    return binary(
        nodes, CENTRED, "Sub", DataType.DT_FLOAT, doubled, nodes.constant("one", new float[] {1}));
  }

  /** Mean and classifier, in fp32. */
  RunnableGraph output(GraphNodes nodes, String lastMap) {
    nodes
        .node("features", "Mean", lastMap, nodes.constant("height.and.width", 1, 2))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    ClassifierHead head = weights.head();
    String output = head == null ? "features" : classifier(nodes, head);
    return new RunnableGraph(nodes.graph().build(), INPUT, CENTRED, output, null);
  }

  private String classifier(GraphNodes nodes, ClassifierHead head) {
    int classes = head.classes();
    nodes
        .node(
            "products",
            "MatMul",
            "features",
            nodes.constant("head.kernel", head.kernel().values(), network().features(), classes))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    nodes
        .node(
            "logits",
            "BiasAdd",
            "products",
            nodes.constant("head.biases", head.biases().values(), classes))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    if (!head.softmax()) {
      return "logits";
    }
    nodes
        .node("probabilities", "Softmax", "logits")
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    return "probabilities";
  }

  static String binary(
      GraphNodes nodes, String name, String op, DataType type, String a, String b) {
    nodes.node(name, op, a, b).putAttr("T", GraphNodes.type(type));
    return name;
  }

  static String convolution(
      GraphNodes nodes, String name, Layer layer, DataType type, String input, String kernel) {
    nodes
        .node(name, layer.depthwise() ? "DepthwiseConv2dNative" : "Conv2D", input, kernel)
        .putAttr("T", GraphNodes.type(type))
        .putAttr("strides", GraphNodes.ints(1, layer.stride(), layer.stride(), 1))
        .putAttr("padding", GraphNodes.text("SAME"))
        .putAttr("data_format", GraphNodes.text("NHWC"));
    return name;
  }

  /** Convolution, bias, and where the layer has it, Relu6. */
  static String layer(
      GraphNodes nodes, Layer layer, DataType type, String input, String kernel, String bias) {
    String name = name(layer);
    return biased(nodes, layer, type, convolution(nodes, name, layer, type, input, kernel), bias);
  }

  static String biased(
      GraphNodes nodes, Layer layer, DataType type, String convolution, String bias) {
    String biased = convolution + ".biased";
    nodes.node(biased, "BiasAdd", convolution, bias).putAttr("T", GraphNodes.type(type));
    if (!layer.relu6()) {
      return biased;
    }
    nodes.node(convolution + ".relu6", "Relu6", biased).putAttr("T", GraphNodes.type(type));
    return convolution + ".relu6";
  }
}
