// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.graph.GraphNodes;
import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;

/** Graphs written by hand, around small images whose vector is the mean of their colours. */
public final class TestingGraphs {
  static final int SIZE = 32;
  public static final String IMAGES = "images";
  static final String FEATURES = "features";

  private static final AttrValue FLOAT = GraphNodes.type(DataType.DT_FLOAT);

  private TestingGraphs() {}

  /** A placeholder of images. */
  public static GraphNodes images() {
    GraphNodes nodes = new GraphNodes();
    nodes.placeholder(IMAGES, DataType.DT_FLOAT, GraphNodes.shape(-1, SIZE, SIZE, 3));
    return nodes;
  }

  /** The mean of a node's colours. */
  public static GraphDef mean(GraphNodes nodes, String map) {
    nodes
        .node(FEATURES, "Mean", map, nodes.constant("axes", 1, 2))
        .putAttr("T", FLOAT)
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    return nodes.graph().build();
  }

  public static String unary(GraphNodes nodes, String op, String name, String input) {
    nodes.node(name, op, input).putAttr("T", FLOAT);
    return name;
  }

  public static String binary(GraphNodes nodes, String op, String name, String a, String b) {
    nodes.node(name, op, a, b).putAttr("T", FLOAT);
    return name;
  }

  /** A tensor of zeros. */
  public static String fill(GraphNodes nodes, String name, int... dimensions) {
    nodes
        .node(
            name,
            "Fill",
            nodes.constant(name + ".dimensions", dimensions),
            nodes.constant(name + ".zero", new float[1]))
        .putAttr("T", FLOAT)
        .putAttr("index_type", GraphNodes.type(DataType.DT_INT32));
    return name;
  }

  /** Adds the largest value of a tensor to a map: a scalar that needs the whole of it. */
  public static String addLargest(GraphNodes nodes, String map, String tensor, int rank) {
    int[] axes = new int[rank];
    for (int i = 0; i < rank; i++) {
      axes[i] = i;
    }
    nodes
        .node(tensor + ".largest", "Max", tensor, nodes.constant(tensor + ".axes", axes))
        .putAttr("T", FLOAT)
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    return binary(nodes, "AddV2", tensor + ".sum", map, tensor + ".largest");
  }

  public static String call(GraphNodes nodes, String name, String function, String input) {
    nodes.graph().addNode(call(name, function, input));
    return name;
  }

  public static NodeDef call(String name, String function, String input) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("PartitionedCall")
        .addInput(input)
        .putAttr("Tin", GraphNodes.types(List.of(DataType.DT_FLOAT)))
        .putAttr("Tout", GraphNodes.types(List.of(DataType.DT_FLOAT)))
        .putAttr("f", function(function))
        .build();
  }

  private static AttrValue function(String name) {
    return AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(name)).build();
  }

  /** A function from x to y. */
  public static FunctionDef.Builder function(
      GraphNodes nodes, String name, DataType result, String y, NodeDef... body) {
    FunctionDef.Builder function = nodes.graph().getLibraryBuilder().addFunctionBuilder();
    function.getSignatureBuilder().setName(name);
    function.getSignatureBuilder().addInputArgBuilder().setName("x").setType(DataType.DT_FLOAT);
    function.getSignatureBuilder().addOutputArgBuilder().setName("y").setType(result);
    function.putRet("y", y);
    for (NodeDef node : body) {
      function.addNodeDef(node);
    }
    return function;
  }

  /** A loop that never ends. */
  public static GraphDef endless() {
    GraphNodes nodes = images();
    GraphNodes condition = new GraphNodes();
    condition
        .node("always", "Equal", "x", "x")
        .putAttr("T", FLOAT)
        .putAttr("incompatible_shape_error", AttrValue.newBuilder().setB(true).build());
    condition
        .node("all", "Any", "always:z:0", condition.constant("places", 0, 1, 2, 3) + ":output:0")
        .putAttr("Tidx", GraphNodes.type(DataType.DT_INT32));
    function(
        nodes,
        "condition",
        DataType.DT_BOOL,
        "all:output:0",
        condition.graph().getNodeList().toArray(NodeDef[]::new));
    GraphNodes body = new GraphNodes();
    unary(body, "Relu", "relu", "x");
    function(nodes, "body", DataType.DT_FLOAT, "relu:activations:0", body.graph().getNode(0));
    nodes
        .node("loop", "While", IMAGES)
        .putAttr("T", GraphNodes.types(List.of(DataType.DT_FLOAT)))
        .putAttr("cond", function("condition"))
        .putAttr("body", function("body"));
    return mean(nodes, "loop");
  }
}
