// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.MobileNetV2.Operations;
import io.imageembedding.model.network.Regularizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

/**
 * Writes down a network and a classifier on it, for inference and for training, up to the losses.
 * The network is rebuilt from its variables, because gradients do not go through calls of a
 * module's functions.
 */
final class TrainingNodes {
  static final String KERNEL = "head/kernel";
  static final String BIASES = "head/biases";

  /** What a variable's momentum is called in {@link TrainingGraph#values()}. */
  static final String SLOT = "/Momentum";

  static final String INPUT = "images";
  static final String LABELS = "labels";
  static final String MASK = "dropout.mask";

  /** Part of the way that moving averages go to a batch's statistics; by default that of a step. */
  static final String AVERAGE_RATE = "average.rate";

  static final String TRAINING = "training";
  static final String INFERENCE = "inference";

  private final MobileNetV2 network;
  private final int classes;
  private final boolean headOnly;
  private final GraphNodes nodes = new GraphNodes();
  private final Map<String, long[]> variables = new TreeMap<>();
  private final List<String> averages = new ArrayList<>();

  /**
   * @param headOnly whether features are fed instead of images, and only the classifier learns
   * @param decay of the moving averages
   */
  TrainingNodes(
      MobileNetV2 network,
      int classes,
      boolean headOnly,
      double decay,
      List<Regularizer> regularizers) {
    this.network = network;
    this.classes = classes;
    this.headOnly = headOnly;
    variables.put(KERNEL, new long[] {network.features(), classes});
    variables.put(BIASES, new long[] {classes});
    if (!headOnly) {
      variables.putAll(network.variables());
    }
    variables.forEach(this::addVariable);
    nodes.placeholder(LABELS, DataType.DT_FLOAT, GraphNodes.shape(-1, classes));
    nodes.placeholder(MASK, DataType.DT_FLOAT, GraphNodes.shape(-1, network.features()));
    nodes
        .node(AVERAGE_RATE, "PlaceholderWithDefault", constant("average.rate.of.a.step", 1 - decay))
        .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("shape", shapeAttribute(new long[0]));
    String features = INPUT;
    if (headOnly) {
      nodes.placeholder(INPUT, DataType.DT_FLOAT, GraphNodes.shape(-1, network.features()));
      addHead(INFERENCE, INPUT);
    } else {
      int size = network.inputSize();
      nodes.placeholder(INPUT, DataType.DT_FLOAT, GraphNodes.shape(-1, size, size, 3));
      addHead(INFERENCE, addNetwork(INFERENCE));
      features = addNetwork(TRAINING);
    }
    addHead(TRAINING, binary("dropped", "Mul", features, MASK));
    addLosses(headOnly ? List.of() : regularizers);
  }

  int classes() {
    return classes;
  }

  /** Length of the vectors. */
  int features() {
    return network.features();
  }

  boolean isHeadOnly() {
    return headOnly;
  }

  /** Shapes of all variables, by name. */
  Map<String, long[]> variables() {
    return variables;
  }

  /** Nodes that move the averages of batch normalisation. */
  List<String> averages() {
    return averages;
  }

  GraphDef graph() {
    return nodes.graph().build();
  }

  static String node(String variable) {
    return variable.replace('/', '.');
  }

  static String read(String variable) {
    return node(variable) + ".read";
  }

  private void addVariable(String variable, long[] shape) {
    addState(variable, shape);
    if (isTrained(variable)) {
      addState(variable + SLOT, shape);
    }
  }

  static boolean isTrained(String variable) {
    return MobileNetV2.isTrainable(variable);
  }

  /** A resource with a node to read it and one to set it. */
  private void addState(String name, long[] shape) {
    String handle = node(name);
    nodes
        .node(handle, "VarHandleOp")
        .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("shape", shapeAttribute(shape))
        .putAttr("shared_name", GraphNodes.text(handle));
    nodes
        .node(read(name), "ReadVariableOp", handle)
        .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT));
    nodes.placeholder(handle + ".value", DataType.DT_FLOAT, GraphNodes.shape(shape));
    nodes
        .node(handle + ".assign", "AssignVariableOp", handle, handle + ".value")
        .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT));
  }

  private static AttrValue shapeAttribute(long[] shape) {
    return AttrValue.newBuilder().setShape(GraphNodes.shape(shape)).build();
  }

  private String unary(String name, String op, String input) {
    nodes.node(name, op, input).putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    return name;
  }

  private String binary(String name, String op, String a, String b) {
    nodes.node(name, op, a, b).putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    return name;
  }

  private String constant(String name, double value) {
    return nodes.constant(name, new float[] {(float) value});
  }

  /**
   * The network up to its features, for training or inference; gives the tensor of the features.
   */
  private String addNetwork(String mode) {
    String scope = mode + ".";
    String doubled = binary(scope + "doubled", "Mul", INPUT, constant(scope + "two", 2));
    String centred = binary(scope + "centred", "Sub", doubled, constant(scope + "one", 1));
    Operations<String> operations =
        new Operations<>() {
          @Override
          public String layer(Layer layer, String input) {
            return addLayer(scope, layer, input, mode.equals(TRAINING));
          }

          @Override
          public String residual(String bottleneck, String input, String output) {
            return binary(output + ".residual", "AddV2", input, output);
          }
        };
    String last = network.walk(centred, operations);
    nodes
        .node(scope + "features", "Mean", last, nodes.constant(scope + "height.and.width", 1, 2))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    return scope + "features";
  }

  private String addLayer(String scope, Layer layer, String input, boolean training) {
    String name = scope + node(layer.scope());
    nodes
        .node(
            name,
            layer.depthwise() ? "DepthwiseConv2dNative" : "Conv2D",
            input,
            read(layer.weights()))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("strides", GraphNodes.ints(1, layer.stride(), layer.stride(), 1))
        .putAttr("padding", GraphNodes.text("SAME"))
        .putAttr("data_format", GraphNodes.text("NHWC"));
    String mean = layer.batchNorm("moving_mean");
    String variance = layer.batchNorm("moving_variance");
    String normalised = name + ".normalised";
    nodes
        .node(
            normalised,
            "FusedBatchNormV3",
            name,
            read(layer.batchNorm("gamma")),
            read(layer.batchNorm("beta")),
            training ? nodes.constant(name + ".no.mean", new float[0], 0) : read(mean),
            training ? nodes.constant(name + ".no.variance", new float[0], 0) : read(variance))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("U", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("data_format", GraphNodes.text("NHWC"))
        .putAttr("epsilon", number(MobileNetV2.EPSILON))
        .putAttr("is_training", flag(training));
    if (training) {
      addMovingAverage(mean, normalised + ":1");
      addMovingAverage(variance, normalised + ":2");
    }
    return layer.relu6() ? unary(name + ".relu6", "Relu6", normalised) : normalised;
  }

  private static AttrValue number(double value) {
    return AttrValue.newBuilder().setF((float) value).build();
  }

  private static AttrValue flag(boolean value) {
    return AttrValue.newBuilder().setB(value).build();
  }

  /** {@code average -= (average - value) * rate}. */
  private void addMovingAverage(String average, String value) {
    String name = node(average);
    String difference = binary(name + ".difference", "Sub", read(average), value);
    String step = binary(name + ".step", "Mul", difference, AVERAGE_RATE);
    nodes
        .node(name + ".update", "AssignSubVariableOp", name, step)
        .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT));
    averages.add(name + ".update");
  }

  private void addHead(String mode, String features) {
    String scope = mode + ".";
    String products = binary(scope + "products", "MatMul", features, read(KERNEL));
    binary(scope + "logits", "BiasAdd", products, read(BIASES));
  }

  private void addLosses(List<Regularizer> regularizers) {
    nodes
        .node("cross.entropy", "SoftmaxCrossEntropyWithLogits", TRAINING + ".logits", LABELS)
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    nodes
        .node("data.loss", "Mean", "cross.entropy:0", nodes.constant("batch.axis", 0))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    List<String> losses = new ArrayList<>();
    losses.add(constant("no.loss", 0));
    for (int i = 0; i < regularizers.size(); i++) {
      losses.add(regularizers.get(i).addTo(nodes, "regularizer." + i, TrainingNodes::read));
    }
    nodes
        .node("regularization.loss", "AddN", losses.toArray(String[]::new))
        .putAttr("N", AttrValue.newBuilder().setI(losses.size()).build())
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    binary("loss", "AddV2", "data.loss", "regularization.loss");
  }
}
