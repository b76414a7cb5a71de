// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.FloatTensor;
import io.imageembedding.model.network.GraphNodes;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Block;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.NetworkWeights;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.DataType;

/** MobileNetV2 with batch normalisation folded into the convolutions, all variables constants. */
final class FoldedNetwork {
  private static final String INPUT = "images";

  private FoldedNetwork() {}

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

  /** The network with batch normalisation folded into weights and biases, all constants. */
  static RunnableGraph graph(NetworkWeights given) {
    MobileNetV2 network = given.network();
    Map<String, FloatTensor> weights = given.variables();
    ClassifierHead head = given.head();
    GraphNodes nodes = new GraphNodes();
    nodes.placeholder(
        INPUT,
        DataType.DT_FLOAT,
        GraphNodes.shape(-1, network.inputSize(), network.inputSize(), 3));
    String doubled = binary(nodes, "doubled", "Mul", INPUT, nodes.constant("two", new float[] {2}));
    String current =
        binary(nodes, "centred", "Sub", doubled, nodes.constant("one", new float[] {1}));
    for (Block block : network.blocks()) {
      String before = current;
      for (Layer layer : block.layers()) {
        current = convolution(nodes, layer, weights, current);
      }
      if (block.residual()) {
        current = binary(nodes, current + ".residual", "AddV2", before, current);
      }
    }
    nodes
        .node("features", "Mean", current, nodes.constant("height.and.width", 1, 2))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    String output = head == null ? "features" : classifier(nodes, network, head);
    return new RunnableGraph(nodes.graph().build(), INPUT, output, null);
  }

  private static String classifier(GraphNodes nodes, MobileNetV2 network, ClassifierHead head) {
    int classes = head.classes();
    nodes
        .node(
            "products",
            "MatMul",
            "features",
            nodes.constant("head.kernel", head.kernel().values(), network.features(), classes))
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

  private static String binary(GraphNodes nodes, String name, String op, String a, String b) {
    nodes.node(name, op, a, b).putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    return name;
  }

  private static String convolution(
      GraphNodes nodes, Layer layer, Map<String, FloatTensor> weights, String input) {
    String name = layer.scope().replace('/', '.');
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
