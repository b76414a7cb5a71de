// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * What a graph computes its output from, as nodes that refer to each other: calls of functions are
 * replaced by what the functions do, identities and orders between nodes are gone. Functions in
 * branches and loops stay calls.
 */
public final class FlatGraph {
  private static final Set<String> CALLS = Set.of("PartitionedCall", "StatefulPartitionedCall");
  private static final Set<String> IDENTITIES =
      Set.of(
          "Identity",
          "IdentityN",
          "StopGradient",
          "PreventGradient",
          "Snapshot",
          "EnsureShape",
          "PlaceholderWithDefault");
  private static final int MAX_NODES = 200_000;
  private static final int MAX_NESTING = 64;

  private static final Map<String, OpDef> OPERATIONS =
      TensorFlowRuntime.operations().getOpList().stream()
          .collect(Collectors.toMap(OpDef::getName, Function.identity(), (first, second) -> first));

  /**
   * An operation.
   *
   * @param name in the graph; within functions a made one
   * @param inputs what it computes on
   */
  public record Node(String name, NodeDef definition, List<Tensor> inputs) {

    public String op() {
      return definition.getOp();
    }

    Tensor input(int index) {
      return inputs.get(index);
    }

    AttrValue attribute(String key) {
      return definition.getAttrOrDefault(key, AttrValue.getDefaultInstance());
    }

    boolean is(String... ops) {
      return Set.of(ops).contains(op());
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }

    @Override
    public String toString() {
      return name + " (" + op() + ")";
    }
  }

  /** An output of a node. */
  public record Tensor(Node node, int index) {}

  /** The nodes of a graph, or those of one call of a function. */
  private final class Scope {
    private final String prefix;
    private final int depth;
    private final Map<String, NodeDef> nodes = new HashMap<>();
    private final Map<String, Integer> arguments = new HashMap<>();
    private final FunctionDef function;
    private final Scope caller;
    private final NodeDef call;
    private final Map<String, Scope> callees = new HashMap<>();
    private final Map<String, Node> made = new HashMap<>();

    Scope(GraphDef graph) {
      prefix = "";
      depth = 0;
      function = null;
      caller = null;
      call = null;
      graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    }

    Scope(Scope caller, NodeDef call, FunctionDef function) {
      this.caller = caller;
      this.call = call;
      this.function = function;
      depth = caller.depth + 1;
      if (depth > MAX_NESTING) {
        throw new IllegalArgumentException("its functions call each other too deeply");
      }
      prefix = caller.prefix + call.getName().replace('/', '.') + ".";
      function.getNodeDefList().forEach(node -> nodes.put(node.getName(), node));
      for (int i = 0; i < function.getSignature().getInputArgCount(); i++) {
        arguments.put(function.getSignature().getInputArg(i).getName(), i);
      }
    }

    Tensor tensor(String reference) {
      String[] parts = reference.split(":");
      if (arguments.containsKey(parts[0])) {
        return caller.tensor(dataInput(call, arguments.get(parts[0])));
      }
      NodeDef definition = nodes.get(parts[0]);
      if (definition == null) {
        throw new IllegalArgumentException("its graph has no node " + parts[0]);
      }
      String called = calledFunction(definition);
      if (called != null) {
        FunctionDef callee = functions.get(called);
        int output = outputIndex(definition, callee, parts);
        String name = callee.getSignature().getOutputArg(output).getName();
        return callees
            .computeIfAbsent(parts[0], key -> new Scope(this, definition, callee))
            .tensor(callee.getRetOrDefault(name, ""));
      }
      if (IDENTITIES.contains(definition.getOp())) {
        return tensor(dataInput(definition, outputIndex(definition, null, parts)));
      }
      return new Tensor(node(definition), outputIndex(definition, null, parts));
    }

    private Node node(NodeDef definition) {
      Node known = made.get(definition.getName());
      if (known == null) {
        if (count++ > MAX_NODES) {
          throw new IllegalArgumentException("its graph has too many nodes");
        }
        known = new Node(prefix + definition.getName(), definition, new ArrayList<>());
        made.put(definition.getName(), known);
        open.add(() -> connect(definition));
      }
      return known;
    }

    private void connect(NodeDef definition) {
      Node node = made.get(definition.getName());
      for (String input : definition.getInputList()) {
        if (!input.startsWith("^")) {
          node.inputs().add(tensor(input));
        }
      }
      nodesByName.put(node.name(), node);
    }

    /** Position of an output among all, from {@code node:index} or {@code node:name:index}. */
    private int outputIndex(NodeDef definition, FunctionDef callee, String[] parts) {
      if (parts.length < 2) {
        return 0;
      }
      if (function == null) {
        return Integer.parseInt(parts[1]);
      }
      int index = parts.length > 2 ? Integer.parseInt(parts[2]) : 0;
      if (CALLS.contains(definition.getOp()) || definition.getOp().equals("IdentityN")) {
        return index;
      }
      OpDef signature = callee != null ? callee.getSignature() : OPERATIONS.get(definition.getOp());
      if (signature == null) {
        throw new IllegalArgumentException("TensorFlow has no operation " + definition.getOp());
      }
      int before = 0;
      for (OpDef.ArgDef output : signature.getOutputArgList()) {
        if (output.getName().equals(parts[1])) {
          return before + index;
        }
        before += length(output, definition);
      }
      throw new IllegalArgumentException(definition.getOp() + " has no output " + parts[1]);
    }
  }

  private static int length(OpDef.ArgDef output, NodeDef definition) {
    if (!output.getNumberAttr().isEmpty()) {
      return (int) definition.getAttrOrThrow(output.getNumberAttr()).getI();
    }
    if (!output.getTypeListAttr().isEmpty()) {
      return definition.getAttrOrThrow(output.getTypeListAttr()).getList().getTypeCount();
    }
    return 1;
  }

  private static String dataInput(NodeDef node, int index) {
    return node.getInputList().stream()
        .filter(input -> !input.startsWith("^"))
        .skip(index)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(node.getName() + " has no input " + index));
  }

  private String calledFunction(NodeDef node) {
    String name = CALLS.contains(node.getOp()) ? node.getAttrOrThrow("f").getFunc().getName() : "";
    return functions.containsKey(name)
        ? name
        : functions.containsKey(node.getOp()) ? node.getOp() : null;
  }

  private final Map<String, FunctionDef> functions = new HashMap<>();
  private final Map<String, Node> nodesByName = new LinkedHashMap<>();
  private final Deque<Runnable> open = new ArrayDeque<>();
  private final Function<String, Optional<FloatTensor>> variables;
  private int count;
  private final Tensor output;

  private FlatGraph(
      GraphDef graph, String output, Function<String, Optional<FloatTensor>> variables) {
    this.variables = variables;
    graph
        .getLibrary()
        .getFunctionList()
        .forEach(function -> functions.put(function.getSignature().getName(), function));
    this.output = new Scope(graph).tensor(output);
    while (!open.isEmpty()) {
      open.remove().run();
    }
  }

  /**
   * What the output is computed from.
   *
   * @param output {@code node} or {@code node:index}
   * @param variables values of VarHandleOps by the name of the node
   * @throws IllegalArgumentException if the graph does not hold together
   */
  public static FlatGraph of(
      GraphDef graph, String output, Function<String, Optional<FloatTensor>> variables) {
    return new FlatGraph(graph, output, variables);
  }

  /** The tensor that everything else is for. */
  public Tensor output() {
    return output;
  }

  /** Every node that the output needs. */
  public List<Node> nodes() {
    return List.copyOf(nodesByName.values());
  }

  /** Values of the variables that the output needs; in a graph without any, of its constants. */
  public List<FloatTensor> variables() {
    boolean frozen = nodesByName.values().stream().noneMatch(node -> node.is("VarHandleOp"));
    return nodesByName.values().stream()
        .filter(node -> node.is(frozen ? "Const" : "VarHandleOp"))
        .flatMap(node -> value(new Tensor(node, 0)).stream())
        .filter(value -> value.elements() > 1)
        .toList();
  }

  /** Whether the output is one of probabilities. */
  public boolean endsInSoftmax() {
    Node node = output.node();
    while (node.is("Reshape", "Squeeze")) {
      node = node.input(0).node();
    }
    return node.is("Softmax");
  }

  /** The node that holds the tensor's values, if that is a constant or a variable. */
  static Node holder(Tensor tensor) {
    Node node = tensor.node();
    while (node.is("ReadVariableOp") && !node.inputs().isEmpty()) {
      node = node.input(0).node();
    }
    return node;
  }

  /** The value of a constant or a variable of float32. */
  Optional<FloatTensor> value(Tensor tensor) {
    Node holder = holder(tensor);
    return switch (holder.op()) {
      case "Const" -> FloatTensor.of(holder.attribute("value").getTensor());
      case "VarHandleOp" -> variables.apply(holder.name());
      default -> Optional.empty();
    };
  }

  /**
   * The same as nodes of a graph, with variables as constants.
   *
   * @param output name of the node that gives the output
   * @throws IllegalArgumentException if a variable is used other than by being read
   */
  public GraphDef frozen(String output) {
    GraphNodes graph = new GraphNodes();
    Map<Node, String> names = new HashMap<>();
    for (Node node : nodesByName.values()) {
      names.put(node, node.is("Placeholder") ? node.name() : "node_" + names.size());
    }
    for (Node node : nodesByName.values()) {
      if (node.is("VarHandleOp")) {
        continue;
      }
      if (node.is("ReadVariableOp")) {
        FloatTensor value =
            value(new Tensor(node, 0))
                .orElseThrow(() -> new IllegalArgumentException("a variable is not of float32"));
        graph.constant(names.get(node), value.proto());
        continue;
      }
      NodeDef.Builder own = graph.node(names.get(node), node.op());
      node.definition()
          .getAttrMap()
          .forEach(
              (key, attribute) -> {
                if (!key.startsWith("_")) {
                  own.putAttr(key, attribute);
                }
              });
      for (Tensor input : node.inputs()) {
        if (input.node().is("VarHandleOp")) {
          throw new IllegalArgumentException(
              "it uses its variables in branches or loops (" + node.op() + ")");
        }
        own.addInput(names.get(input.node()) + ":" + input.index());
      }
    }
    graph
        .node(output, "Identity", names.get(this.output.node()) + ":" + this.output.index())
        .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    functions.values().forEach(graph.graph().getLibraryBuilder()::addFunction);
    return graph.graph().build();
  }

  /**
   * The same as a function that takes its variables as resources.
   *
   * @param name of the function
   * @param handles names of the VarHandleOps, in the order of the arguments
   * @throws IllegalArgumentException if it uses others, or operations of several outputs
   */
  FunctionDef toFunction(String name, List<String> handles) {
    OpDef.Builder signature = OpDef.newBuilder().setName(name).setIsStateful(true);
    Map<Node, String> references = new HashMap<>();
    for (int i = 0; i < handles.size(); i++) {
      signature.addInputArgBuilder().setName("variable_" + i).setType(DataType.DT_RESOURCE);
      Node handle = nodesByName.get(handles.get(i));
      if (handle != null) {
        references.put(handle, "variable_" + i);
      }
    }
    List<Node> operations =
        nodesByName.values().stream().filter(node -> !references.containsKey(node)).toList();
    for (Node node : operations) {
      OpDef operation = OPERATIONS.get(node.op());
      if (node.is("VarHandleOp", "Placeholder")
          || operation == null
          || operation.getOutputArgCount() != 1) {
        throw new IllegalArgumentException("a regularisation loss uses " + node.op());
      }
      references.put(
          node, "n" + references.size() + ":" + operation.getOutputArg(0).getName() + ":0");
    }
    FunctionDef.Builder function = FunctionDef.newBuilder();
    for (Node node : operations) {
      NodeDef.Builder definition =
          node.definition().toBuilder().clearInput().setName(references.get(node).split(":", 2)[0]);
      node.inputs().forEach(input -> definition.addInput(references.get(input.node())));
      function.addNodeDef(definition);
    }
    signature.addOutputArgBuilder().setName("loss").setType(DataType.DT_FLOAT);
    return function.setSignature(signature).putRet("loss", references.get(output.node())).build();
  }
}
