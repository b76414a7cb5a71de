// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.MobileNetV2.Operations;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.ResourceHandleProto;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * MobileNetV2 as a function of a SavedModel: images and a resource for each variable in; features,
 * logits or probabilities out. Batch normalisation stands in it as it is trained, not folded.
 *
 * <p>For training it normalises by the batch's own mean and variance, and moves the variables
 * {@code moving_mean} and {@code moving_variance}, by {@code variable -= (variable - batch's) * (1
 * - decay)} as Keras and TF-Slim do; the variance of the batch is the one with Bessel's correction.
 * That the result waits for the moves, and that the function counts them as its effects, are two
 * promises of which callers need one or the other.
 */
final class NetworkFunction implements Operations<String> {
  static final String INPUT = "inputs";
  private static final DataType FLOAT = DataType.DT_FLOAT;

  private final GraphNodes nodes = new GraphNodes();
  private final List<String> updates = new ArrayList<>();
  private final boolean training;

  private NetworkFunction(boolean training) {
    this.training = training;
  }

  /**
   * The function for inference.
   *
   * @param variables those of the head last
   * @param head null where features come out
   * @param output name of the result
   */
  static FunctionDef inference(
      String name,
      MobileNetV2 network,
      List<NetworkVariable> variables,
      ClassifierHead head,
      String output) {
    return new NetworkFunction(false).build(name, network, variables, head, output);
  }

  /**
   * The function for training, with the same arguments and the same kind of result.
   *
   * @param decay of the moving averages
   */
  static FunctionDef training(
      String name,
      MobileNetV2 network,
      List<NetworkVariable> variables,
      ClassifierHead head,
      String output,
      double decay) {
    NetworkFunction function = new NetworkFunction(true);
    function.nodes.constant("batch_statistics", new float[0], 0);
    function.nodes.constant("one_minus_decay", new float[] {(float) (1 - decay)});
    return function.build(name, network, variables, head, output);
  }

  /** A function that calls another, with the same arguments for the same result. */
  static FunctionDef calling(String name, FunctionDef called) {
    OpDef inner = called.getSignature();
    GraphNodes nodes = new GraphNodes();
    NodeDef.Builder call =
        nodes
            .node("call", "StatefulPartitionedCall")
            .putAttr("Tin", GraphNodes.types(types(inner.getInputArgList())))
            .putAttr("Tout", GraphNodes.types(types(inner.getOutputArgList())))
            .putAttr("f", function(inner.getName()));
    inner.getInputArgList().forEach(argument -> call.addInput(argument.getName()));
    return called.toBuilder()
        .setSignature(inner.toBuilder().setName(name))
        .clearNodeDef()
        .clearRet()
        .addAllNodeDef(nodes.graph().getNodeList())
        .putRet(inner.getOutputArg(0).getName(), "call:output:0")
        .build();
  }

  static AttrValue function(String name) {
    return AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(name)).build();
  }

  static List<DataType> types(List<OpDef.ArgDef> arguments) {
    return arguments.stream().map(OpDef.ArgDef::getType).toList();
  }

  /** An argument that is a variable. */
  static void addResource(OpDef.ArgDef.Builder argument, TensorShapeProto shape) {
    argument
        .setType(DataType.DT_RESOURCE)
        .clearHandleData()
        .addHandleData(
            ResourceHandleProto.DtypeAndShape.newBuilder().setDtype(FLOAT).setShape(shape));
  }

  private FunctionDef build(
      String name,
      MobileNetV2 network,
      List<NetworkVariable> variables,
      ClassifierHead head,
      String output) {
    String result = features(network, head != null);
    if (head != null) {
      result = scores(result, head.softmax());
    }
    NodeDef.Builder last = node("result", "Identity", result);
    updates.forEach(update -> last.addInput("^" + update));

    TensorShapeProto images = GraphNodes.shape(-1, network.inputSize(), network.inputSize(), 3);
    AttrValue.ListValue.Builder shapes = AttrValue.ListValue.newBuilder().addShape(images);
    OpDef.Builder signature = OpDef.newBuilder().setName(name).setIsStateful(true);
    signature.addInputArgBuilder().setName(INPUT).setType(FLOAT);
    for (NetworkVariable variable : variables) {
      addResource(
          signature.addInputArgBuilder().setName(NetworkVariable.argument(variable.name())),
          variable.shape());
      shapes.addShape(TensorShapeProto.getDefaultInstance());
    }
    signature.addOutputArgBuilder().setName(output).setType(FLOAT);
    signature.addAllControlOutput(updates);
    FunctionDef.Builder function =
        FunctionDef.newBuilder()
            .setSignature(signature)
            .putAttr("_input_shapes", AttrValue.newBuilder().setList(shapes).build())
            .addAllNodeDef(nodes.graph().getNodeList())
            .putRet(output, "result:output:0");
    updates.forEach(update -> function.putControlRet(update, update));
    return function.build();
  }

  /** {@code [n, features]}, or {@code [n, 1, 1, features]}. */
  private String features(MobileNetV2 network, boolean asPixel) {
    node("doubled", "Mul", INPUT, scalar("two", 2));
    node("centred", "Sub", "doubled:z:0", scalar("one", 1));
    String last = network.walk("centred:z:0", this);
    nodes.constant("height_and_width", 1, 2);
    node("pooled", "Mean", last, "height_and_width:output:0")
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32))
        .putAttr("keep_dims", flag(asPixel));
    return "pooled:output:0";
  }

  @Override
  public String residual(String scope, String input, String output) {
    node(scope + "/add", "AddV2", input, output);
    return scope + "/add:z:0";
  }

  @Override
  public String layer(Layer layer, String input) {
    String convolution = layer.scope() + "/convolution";
    node(
            convolution,
            layer.depthwise() ? "DepthwiseConv2dNative" : "Conv2D",
            input,
            value(layer.weights()))
        .putAttr("strides", GraphNodes.ints(1, layer.stride(), layer.stride(), 1))
        .putAttr("padding", GraphNodes.text("SAME"));
    String mean = layer.batchNorm("moving_mean");
    String variance = layer.batchNorm("moving_variance");
    String normalised = layer.batchNorm("FusedBatchNormV3");
    String none = "batch_statistics:output:0";
    node(
            normalised,
            "FusedBatchNormV3",
            convolution + ":output:0",
            value(layer.batchNorm("gamma")),
            value(layer.batchNorm("beta")),
            training ? none : value(mean),
            training ? none : value(variance))
        .putAttr("U", GraphNodes.type(FLOAT))
        .putAttr("epsilon", AttrValue.newBuilder().setF((float) MobileNetV2.EPSILON).build())
        .putAttr("is_training", flag(training));
    if (training) {
      move(mean, normalised + ":batch_mean:0");
      move(variance, normalised + ":batch_variance:0");
    }
    if (!layer.relu6()) {
      return normalised + ":y:0";
    }
    node(layer.scope() + "/Relu6", "Relu6", normalised + ":y:0");
    return layer.scope() + "/Relu6:activations:0";
  }

  private void move(String variable, String batch) {
    node(variable + "/distance", "Sub", value(variable), batch);
    node(variable + "/step", "Mul", variable + "/distance:z:0", "one_minus_decay:output:0");
    String update = variable + "/move";
    nodes
        .node(
            update,
            "AssignSubVariableOp",
            NetworkVariable.argument(variable),
            variable + "/step:z:0")
        .putAttr("dtype", GraphNodes.type(FLOAT));
    updates.add(update);
  }

  /** TF-Slim's classifier: a convolution of the one pixel that the features are. */
  private String scores(String features, boolean softmax) {
    String scope = MobileNetV2.HEAD;
    node(scope + "/convolution", "Conv2D", features, value(MobileNetV2.HEAD_WEIGHTS))
        .putAttr("strides", GraphNodes.ints(1, 1, 1, 1))
        .putAttr("padding", GraphNodes.text("SAME"));
    node(
        scope + "/BiasAdd",
        "BiasAdd",
        scope + "/convolution:output:0",
        value(MobileNetV2.HEAD_BIASES));
    node("logits", "Squeeze", scope + "/BiasAdd:output:0")
        .putAttr("squeeze_dims", GraphNodes.ints(1, 2));
    if (!softmax) {
      return "logits:output:0";
    }
    node("scores", "Softmax", "logits:output:0");
    return "scores:softmax:0";
  }

  private String value(String variable) {
    String name = variable + "/read";
    nodes
        .node(name, "ReadVariableOp", NetworkVariable.argument(variable))
        .putAttr("dtype", GraphNodes.type(FLOAT));
    return name + ":value:0";
  }

  private String scalar(String name, float value) {
    TensorProto scalar = FloatTensor.of(new float[] {value}).proto();
    return nodes.constant(name, scalar) + ":output:0";
  }

  private NodeDef.Builder node(String name, String op, String... inputs) {
    return nodes.node(name, op, inputs).putAttr("T", GraphNodes.type(FLOAT));
  }

  private static AttrValue flag(boolean value) {
    return AttrValue.newBuilder().setB(value).build();
  }
}
