// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.image.InputRange;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.Checkpoint;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.graph.RunnableGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedVariable;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A graph of our own around a function of a SavedModel: a placeholder for the images, the variables
 * that the function uses, nodes that restore them, one call. Shapes of variables are stated to the
 * restoring operation, which checks them: a checkpoint of another network is refused.
 */
final class GraftedGraph {
  static final String INPUT = "images";
  private static final String CALL = "call";
  private static final String RESTORE = "restore";

  /** A variable by its key in the checkpoint. */
  private record Variable(String node, SavedVariable definition) {}

  private final GraphNodes nodes = new GraphNodes();
  private final Map<String, Variable> variables = new TreeMap<>();
  private final FunctionClosure functions;
  private final Checkpoint checkpoint;
  private final int outputIndex;
  private String fed;
  private DataType outputType;

  private GraftedGraph(FunctionClosure functions, Checkpoint checkpoint, int outputIndex) {
    this.functions = functions;
    this.checkpoint = checkpoint;
    this.outputIndex = outputIndex;
  }

  static GraftedGraph build(
      String model,
      GraphDef foreign,
      ObjectGraph objects,
      ImageFunction function,
      FunctionClosure functions,
      CheckpointKeys keys,
      Checkpoint checkpoint,
      InputRange range) {
    GraftedGraph graft = new GraftedGraph(functions, checkpoint, function.outputIndex());
    OpDef signature = functions.functions().get(0).getSignature();
    int arguments = function.arguments().size();
    if (signature.getInputArgCount() != arguments + function.captures().size()
        || function.outputIndex() >= signature.getOutputArgCount()) {
      throw ModelException.of(
          model, "function " + function.name() + " does not fit its description");
    }
    graft.fed =
        NetworkPorts.input(graft.nodes, INPUT, function.inputType(), function.inputSize(), range);
    graft.outputType = function.outputType();
    List<String> inputs = new ArrayList<>();
    for (int i = 0; i < arguments; i++) {
      TensorProto value = function.arguments().get(i);
      inputs.add(value == null ? INPUT : graft.nodes.constant("argument." + i, value));
    }
    for (int id : function.captures()) {
      inputs.add(graft.capture(model, id, objects.node(id), foreign, keys));
    }
    graft.addCall(signature, inputs);
    graft.addRestore();
    return graft;
  }

  private String capture(
      String model, int id, SavedObject object, GraphDef foreign, CheckpointKeys keys) {
    if (object.hasVariable()) {
      String key = keys.byObject().get(id);
      if (key == null) {
        throw ModelException.of(
            model, "the checkpoint has no value for variable " + object.getVariable().getName());
      }
      checkpoint.require(key, object.getVariable().getDtype());
      return variable(key, object.getVariable());
    }
    if (object.hasConstant()) {
      return constant(model, object.getConstant().getOperation(), foreign);
    }
    throw ModelException.of(
        model,
        "its function uses a "
            + object.getKindCase().name().toLowerCase(Locale.ROOT)
            + "; allowed: variables and constants");
  }

  private String variable(String key, SavedVariable definition) {
    Variable known = variables.get(key);
    if (known != null) {
      return known.node();
    }
    String name = "variable." + variables.size();
    variables.put(key, new Variable(name, definition));
    nodes
        .node(name, "VarHandleOp")
        .putAttr("dtype", GraphNodes.type(definition.getDtype()))
        .putAttr("shape", AttrValue.newBuilder().setShape(definition.getShape()).build())
        .putAttr("shared_name", GraphNodes.text(name));
    return name;
  }

  private String constant(String model, String operation, GraphDef foreign) {
    NodeDef node =
        foreign.getNodeList().stream()
            .filter(candidate -> candidate.getName().equals(operation))
            .filter(candidate -> candidate.getOp().equals("Const"))
            .findFirst()
            .orElseThrow(() -> ModelException.of(model, "constant " + operation + " is missing"));
    String name = "constant." + operation.replace('/', '.');
    return nodes.constant(name, node.getAttrOrThrow("value").getTensor());
  }

  private void addCall(OpDef signature, List<String> inputs) {
    nodes
        .node(CALL, "StatefulPartitionedCall", inputs.toArray(String[]::new))
        .putAttr("Tin", types(signature.getInputArgList()))
        .putAttr("Tout", types(signature.getOutputArgList()))
        .putAttr(
            "f",
            AttrValue.newBuilder()
                .setFunc(NameAttrList.newBuilder().setName(signature.getName()))
                .build());
    nodes.graph().getLibraryBuilder().addAllFunction(functions.functions());
  }

  private static AttrValue types(List<OpDef.ArgDef> arguments) {
    return GraphNodes.types(arguments.stream().map(OpDef.ArgDef::getType).toList());
  }

  private void addRestore() {
    nodes.placeholder(RunnableGraph.CHECKPOINT, DataType.DT_STRING, GraphNodes.shape());
    nodes
        .node(
            RESTORE,
            "RestoreV2",
            RunnableGraph.CHECKPOINT,
            nodes.constant("keys", variables.keySet()),
            nodes.constant(
                "slices",
                variables.values().stream().map(v -> slice(v.definition().getShape())).toList()))
        .putAttr(
            "dtypes",
            GraphNodes.types(
                variables.values().stream().map(v -> v.definition().getDtype()).toList()));
    List<String> assigned = new ArrayList<>();
    int index = 0;
    for (Variable variable : variables.values()) {
      String name = variable.node() + ".assign";
      nodes
          .node(name, "AssignVariableOp", variable.node(), RESTORE + ":" + index++)
          .putAttr("dtype", GraphNodes.type(variable.definition().getDtype()));
      assigned.add("^" + name);
    }
    nodes.node(RunnableGraph.RESTORE, "NoOp", assigned.toArray(String[]::new));
  }

  /**
   * A whole tensor in the notation of RestoreV2's {@code shape_and_slices}: {@code "3 3 3 32
   * -:-:-:-"}; nothing for scalars and for shapes that are not known.
   */
  private static String slice(TensorShapeProto shape) {
    boolean known =
        !shape.getUnknownRank()
            && shape.getDimList().stream().allMatch(dimension -> dimension.getSize() >= 0);
    if (!known || shape.getDimCount() == 0) {
      return "";
    }
    String sizes =
        shape.getDimList().stream()
            .map(dimension -> dimension.getSize() + " ")
            .collect(Collectors.joining());
    return sizes + "-:".repeat(shape.getDimCount() - 1) + "-";
  }

  RunnableGraph runnable() {
    String output = NetworkPorts.output(nodes, CALL + ":" + outputIndex, outputType);
    return new RunnableGraph(
        nodes.graph().build(), fed, null, output, variables.isEmpty() ? null : checkpoint.prefix());
  }

  /** Keys of the variables in the checkpoint by the names of their nodes. */
  Map<String, String> keysByNode() {
    Map<String, String> keys = new HashMap<>();
    variables.forEach((key, variable) -> keys.put(variable.node(), key));
    return keys;
  }

  /** Digest of variables and functions. */
  String digest() {
    ContentDigest digest = new ContentDigest();
    variables.forEach(
        (key, variable) ->
            digest.variable(
                key,
                variable.definition().getDtype().name(),
                Checkpoint.shape(checkpoint.entries().get(key).getShape()),
                checkpoint.bytes(key)));
    functions.addTo(digest);
    return digest.hex();
  }
}
