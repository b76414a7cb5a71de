// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Block;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.tensorflow.GraphSession;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.ResourceApplyMomentum;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * A network and a classifier on it with everything that a step of training needs: gradients,
 * momentum, moving averages. The network is rebuilt from its variables, because gradients do not go
 * through calls of a module's functions. Owns its graph and session; not thread-safe.
 */
final class TrainingGraph implements AutoCloseable {
  static final String KERNEL = "head/kernel";
  static final String BIASES = "head/biases";

  /** What a variable's momentum is called in {@link #values()}. */
  static final String SLOT = "/Momentum";

  private static final String INPUT = "images";
  private static final String LABELS = "labels";
  private static final String MASK = "dropout.mask";
  private static final String TRAINING = "training";
  private static final String INFERENCE = "inference";

  /** Loss and logits of one step, from before its update. */
  record Step(float dataLoss, float regularizationLoss, float[][] logits) {}

  private final MobileNetV2 network;
  private final int classes;
  private final boolean headOnly;
  private final GraphNodes nodes = new GraphNodes();
  private final Map<String, long[]> variables = new TreeMap<>();
  private final List<String> averages = new ArrayList<>();
  private final GraphSession opened;
  private final Graph graph;
  private final Session session;
  private final List<String> updates = new ArrayList<>();

  /**
   * @param headOnly whether features are fed instead of images, and only the classifier learns
   * @param decay of the moving averages
   */
  TrainingGraph(
      MobileNetV2 network,
      int classes,
      boolean headOnly,
      double decay,
      List<Regularizer> regularizers,
      double learningRate,
      double momentum) {
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
    String features = INPUT;
    if (headOnly) {
      nodes.placeholder(INPUT, DataType.DT_FLOAT, GraphNodes.shape(-1, network.features()));
      addHead(INFERENCE, INPUT);
    } else {
      int size = network.inputSize();
      nodes.placeholder(INPUT, DataType.DT_FLOAT, GraphNodes.shape(-1, size, size, 3));
      addHead(INFERENCE, addNetwork(INFERENCE, decay));
      features = addNetwork(TRAINING, decay);
    }
    addHead(TRAINING, binary("dropped", "Mul", features, MASK));
    addLosses(headOnly ? List.of() : regularizers);
    try (Ownership owned = new Ownership()) {
      opened = owned.add(GraphSession.of(nodes.graph().build()));
      graph = opened.graph();
      session = opened.session();
      TensorFlowRuntime.run(
          () -> {
            addUpdates(learningRate, momentum);
            return null;
          });
      owned.release(opened);
    } catch (TensorFlowFailure e) {
      throw new FineTuneException("the network cannot be trained: " + e.getMessage(), e);
    }
  }

  private static String node(String variable) {
    return variable.replace('/', '.');
  }

  private static String read(String variable) {
    return node(variable) + ".read";
  }

  private void addVariable(String variable, long[] shape) {
    addState(variable, shape);
    if (isTrained(variable)) {
      addState(variable + SLOT, shape);
    }
  }

  private static boolean isTrained(String variable) {
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
  private String addNetwork(String mode, double decay) {
    String scope = mode + ".";
    String doubled = binary(scope + "doubled", "Mul", INPUT, constant(scope + "two", 2));
    String current = binary(scope + "centred", "Sub", doubled, constant(scope + "one", 1));
    for (Block block : network.blocks()) {
      String before = current;
      for (Layer layer : block.layers()) {
        current = addLayer(scope, layer, current, mode.equals(TRAINING), decay);
      }
      if (block.residual()) {
        current = binary(current + ".residual", "AddV2", before, current);
      }
    }
    nodes
        .node(scope + "features", "Mean", current, nodes.constant(scope + "height.and.width", 1, 2))
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    return scope + "features";
  }

  private String addLayer(String scope, Layer layer, String input, boolean training, double decay) {
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
      addMovingAverage(mean, normalised + ":1", decay);
      addMovingAverage(variance, normalised + ":2", decay);
    }
    return layer.relu6() ? unary(name + ".relu6", "Relu6", normalised) : normalised;
  }

  private static AttrValue number(double value) {
    return AttrValue.newBuilder().setF((float) value).build();
  }

  private static AttrValue flag(boolean value) {
    return AttrValue.newBuilder().setB(value).build();
  }

  /** {@code average -= (average - value) * (1 - decay)}. */
  private void addMovingAverage(String average, String value, double decay) {
    String name = node(average);
    String difference = binary(name + ".difference", "Sub", read(average), value);
    String step = binary(name + ".step", "Mul", difference, constant(name + ".rate", 1 - decay));
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
      losses.add(regularizers.get(i).addTo(nodes, "regularizer." + i, TrainingGraph::read));
    }
    nodes
        .node("regularization.loss", "AddN", losses.toArray(String[]::new))
        .putAttr("N", AttrValue.newBuilder().setI(losses.size()).build())
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    binary("loss", "AddV2", "data.loss", "regularization.loss");
  }

  private Output<TFloat32> output(String node) {
    return graph.operation(node).output(0);
  }

  private void addUpdates(double learningRate, double momentum) {
    List<String> trained = variables.keySet().stream().filter(TrainingGraph::isTrained).toList();
    Output<?>[] reads =
        trained.stream().map(variable -> output(read(variable))).toArray(Output<?>[]::new);
    Output<?>[] gradients = graph.addGradients(output("loss"), reads);
    Ops tf = Ops.create(graph);
    Operand<TFloat32> rate = tf.constant((float) learningRate);
    Operand<TFloat32> keep = tf.constant((float) momentum);
    for (int i = 0; i < trained.size(); i++) {
      ResourceApplyMomentum update =
          tf.train.resourceApplyMomentum(
              handle(trained.get(i)),
              handle(trained.get(i) + SLOT),
              rate,
              gradients[i].expect(TFloat32.class),
              keep);
      updates.add(update.op().name());
    }
    updates.addAll(averages);
  }

  private Operand<? extends TType> handle(String variable) {
    return graph.operation(node(variable)).output(0);
  }

  /** Values of all variables, and of their momentum under {@value #SLOT}. */
  Map<String, FloatTensor> values() {
    Session.Runner runner = session.runner();
    List<String> names = new ArrayList<>();
    variables.keySet().forEach(name -> addState(name, names));
    names.forEach(name -> runner.fetch(read(name)));
    Map<String, FloatTensor> values = new LinkedHashMap<>();
    try (Result result = run(runner)) {
      for (int i = 0; i < names.size(); i++) {
        Tensor value = result.get(i);
        values.put(names.get(i), FloatTensor.of(floats(value), value.shape().asArray()));
      }
    }
    return values;
  }

  private static void addState(String variable, List<String> names) {
    names.add(variable);
    if (isTrained(variable)) {
      names.add(variable + SLOT);
    }
  }

  /**
   * Sets variables and their momentum.
   *
   * @param values where a momentum is missing it is 0; every variable must be there
   */
  void assign(Map<String, FloatTensor> values) {
    List<String> names = new ArrayList<>();
    variables.keySet().forEach(name -> addState(name, names));
    Session.Runner runner = session.runner();
    try (Ownership tensors = new Ownership()) {
      for (String name : names) {
        long[] shape = variables.get(name.replace(SLOT, ""));
        FloatTensor value = values.get(name);
        if (value == null && name.endsWith(SLOT)) {
          value = FloatTensor.of(new float[(int) Shape.of(shape).size()], shape);
        }
        if (value == null || !Arrays.equals(value.shape(), shape)) {
          throw new IllegalArgumentException("no value of the right shape for " + name);
        }
        Tensor tensor = tensor(value.values(), shape);
        tensors.add(tensor);
        runner.feed(node(name) + ".value", tensor).addTarget(node(name) + ".assign");
      }
      run(runner).close();
    }
  }

  private static TFloat32 tensor(float[] values, long... shape) {
    try (Ownership owned = new Ownership()) {
      TFloat32 tensor = owned.add(TFloat32.tensorOf(Shape.of(shape)));
      tensor.asRawTensor().data().asFloats().write(values);
      return owned.release(tensor);
    }
  }

  private static float[] floats(Tensor tensor) {
    FloatDataBuffer data = tensor.asRawTensor().data().asFloats();
    float[] values = new float[(int) data.size()];
    data.read(values);
    return values;
  }

  /**
   * One step of training.
   *
   * @param input images {@code [n, size, size, 3]}, or features {@code [n, features]}
   * @param labels weight of each class for each image
   * @param mask factor of each feature for each image
   */
  Step train(TFloat32 input, float[][] labels, float[][] mask) {
    int count = labels.length;
    try (TFloat32 labelTensor = tensor(flat(labels), count, classes);
        TFloat32 maskTensor = tensor(flat(mask), count, network.features())) {
      Session.Runner runner =
          session
              .runner()
              .feed(INPUT, input)
              .feed(LABELS, labelTensor)
              .feed(MASK, maskTensor)
              .fetch("data.loss")
              .fetch("regularization.loss")
              .fetch(TRAINING + ".logits");
      updates.forEach(runner::addTarget);
      try (Result result = run(runner)) {
        return new Step(
            floats(result.get(0))[0], floats(result.get(1))[0], rows(floats(result.get(2)), count));
      }
    }
  }

  /** Logits by the network as it is for inference. */
  float[][] logits(TFloat32 input) {
    return rows(fetch(input, INFERENCE + ".logits"), (int) input.shape().get(0));
  }

  /** Features by the network as it is for inference. */
  float[][] features(TFloat32 input) {
    return rows(fetch(input, INFERENCE + ".features"), (int) input.shape().get(0));
  }

  /**
   * What comes out of a layer's convolution in training, before batch normalisation.
   *
   * @param scope of the layer
   */
  float[] convolved(TFloat32 input, String scope) {
    return fetch(input, TRAINING + "." + node(scope));
  }

  private float[] fetch(TFloat32 input, String node) {
    try (Result result = run(session.runner().feed(INPUT, input).fetch(node))) {
      return floats(result.get(0));
    }
  }

  private static Result run(Session.Runner runner) {
    try {
      return TensorFlowRuntime.run(runner::run);
    } catch (TensorFlowFailure e) {
      throw new FineTuneException("training failed: " + e.getMessage(), e);
    }
  }

  private static float[] flat(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * rows[0].length, rows[0].length);
    }
    return flat;
  }

  private static float[][] rows(float[] flat, int count) {
    float[][] rows = new float[count][flat.length / count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(flat, i * rows[0].length, rows[i], 0, rows[0].length);
    }
    return rows;
  }

  boolean headOnly() {
    return headOnly;
  }

  /** The classifier as it is now. */
  static ClassifierHead head(Map<String, FloatTensor> values) {
    return new ClassifierHead(values.get(KERNEL), values.get(BIASES), true);
  }

  @Override
  public void close() {
    opened.close();
  }
}
