// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.Checkpoint;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.optimize.OpenedModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.TensorProto;

/**
 * Of a function that gives more than vectors, such as names from a table, only what the vectors are
 * computed from: nodes of our own, with constants for its variables. For functions that are refused
 * as a whole; what the others are known by stays as it is.
 */
final class VectorPart {
  private static final String CALL = "call";
  private static final String OUTPUT = "output";
  private static final String OUTSIDE = "outside.";

  private final ModelOrigin origin;
  private final ObjectGraph objects;
  private final ImageFunction function;
  private final CheckpointKeys keys;
  private final Checkpoint checkpoint;
  private final ModelOptions options;
  private final AllowedOperations allowed;

  VectorPart(
      ModelOrigin origin,
      ObjectGraph objects,
      ImageFunction function,
      CheckpointKeys keys,
      Checkpoint checkpoint,
      ModelOptions options) {
    this.origin = origin;
    this.objects = objects;
    this.function = function;
    this.keys = keys;
    this.checkpoint = checkpoint;
    this.options = options;
    this.allowed = AllowedOperations.with(options);
  }

  /** Empty if the vectors need what is not allowed, or more than names stands beside them. */
  Optional<OpenedModel> of(GraphDef foreign) {
    try {
      FunctionClosure.of(
          origin.name(), foreign.getLibrary(), allowed.withNaming(), function.name());
      FlatGraph whole = flat(foreign);
      if (!whole.nodes().stream().allMatch(this::isAllowed)) {
        return Optional.empty();
      }
      GraphDef frozen = whole.frozen(OUTPUT);
      ContentDigest digest = new ContentDigest();
      frozen.getNodeList().forEach(digest::function);
      String input =
          frozen.getNodeList().stream()
              .filter(node -> node.getOp().equals("Placeholder"))
              .map(NodeDef::getName)
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException("no images"));
      return Optional.of(
          OpenedModel.of(
              origin,
              function.inputSize(),
              new RunnableGraph(
                  frozen.toBuilder().clearLibrary().build(), input, null, OUTPUT, null),
              digest.hex(),
              unknown -> Optional.empty(),
              OpenedModel.Training.UNKNOWN));
    } catch (ModelException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private boolean isAllowed(FlatGraph.Node node) {
    boolean calls =
        node.definition().getAttrMap().values().stream()
            .anyMatch(value -> value.hasFunc() || value.getList().getFuncCount() > 0);
    return !calls
        && !node.name().startsWith(OUTSIDE)
        && (allowed.contains(node.op()) || node.op().equals("VarHandleOp"));
  }

  private FlatGraph flat(GraphDef foreign) {
    OpDef signature =
        foreign.getLibrary().getFunctionList().stream()
            .map(FunctionDef::getSignature)
            .filter(each -> each.getName().equals(function.name()))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no function " + function.name()));
    GraphNodes nodes = new GraphNodes();
    NetworkPorts.input(
        nodes,
        GraftedGraph.INPUT,
        function.inputType(),
        function.inputSize(),
        options.inputRange());
    List<String> inputs = new ArrayList<>();
    for (TensorProto value : function.arguments()) {
      inputs.add(
          value == null ? GraftedGraph.INPUT : nodes.constant("argument." + inputs.size(), value));
    }
    Map<String, String> variables = new HashMap<>();
    for (int id : function.captures()) {
      inputs.add(capture(nodes, id, variables));
    }
    if (inputs.size() != signature.getInputArgCount()
        || function.outputIndex() >= signature.getOutputArgCount()) {
      throw new IllegalArgumentException(function.name() + " does not fit its description");
    }
    nodes
        .node(CALL, "PartitionedCall", inputs.toArray(String[]::new))
        .putAttr(
            "f",
            AttrValue.newBuilder()
                .setFunc(NameAttrList.newBuilder().setName(function.name()))
                .build());
    nodes.graph().setLibrary(foreign.getLibrary());
    String output =
        NetworkPorts.output(nodes, CALL + ":" + function.outputIndex(), function.outputType());
    return FlatGraph.of(nodes.graph().build(), output, node -> value(variables.get(node)));
  }

  private Optional<FloatTensor> value(String key) {
    return Optional.ofNullable(key).flatMap(checkpoint::ifFloats);
  }

  private String capture(GraphNodes nodes, int id, Map<String, String> variables) {
    SavedObject object = objects.node(id);
    String key = keys.byObject().get(id);
    if (!object.hasVariable() || key == null) {
      return nodes.placeholder(OUTSIDE + id, DataType.DT_RESOURCE, GraphNodes.shape());
    }
    String name = "variable." + id;
    if (variables.putIfAbsent(name, key) == null) {
      nodes
          .node(name, "VarHandleOp")
          .putAttr("dtype", GraphNodes.type(object.getVariable().getDtype()))
          .putAttr(
              "shape", AttrValue.newBuilder().setShape(object.getVariable().getShape()).build());
    }
    return name;
  }
}
