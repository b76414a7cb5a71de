// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.annotation.Internal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
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
@Internal
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

  /** Of identities and calls between an operation and what it computes on. */
  private static final int MAX_HOPS = 1_000;

  /** Names looked up, nodes of functions for each of their calls, characters of made names. */
  private static final long MAX_WORK = 50_000_000;

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

    public Tensor input(int index) {
      return inputs.get(index);
    }

    public AttrValue attribute(String key) {
      return definition.getAttrOrDefault(key, AttrValue.getDefaultInstance());
    }

    public boolean is(String... ops) {
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
    private final Set<String> followed = new HashSet<>();

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
      Scope scope = this;
      String at = reference;
      for (int hops = 0; hops <= MAX_HOPS; hops++) {
        String[] parts = at.split(":");
        Integer argument = scope.arguments.get(parts[0]);
        if (argument != null) {
          at = dataInput(scope.call, argument);
          scope = scope.caller;
          continue;
        }
        NodeDef definition = scope.definition(parts[0]);
        String called = calledFunction(definition);
        if (called != null) {
          FunctionDef callee = functions.get(called);
          int output = scope.outputIndex(definition, callee, parts);
          at = callee.getRetOrDefault(callee.getSignature().getOutputArg(output).getName(), "");
          scope = scope.callee(definition, callee);
        } else if (IDENTITIES.contains(definition.getOp())) {
          scope.follow(definition);
          at = dataInput(definition, scope.outputIndex(definition, null, parts));
        } else {
          return new Tensor(scope.node(definition), scope.outputIndex(definition, null, parts));
        }
      }
      throw new IllegalArgumentException(
          "its graph has a circle of identities and calls, or more than " + MAX_HOPS + " in a row");
    }

    private NodeDef definition(String name) {
      NodeDef definition = nodes.get(name);
      if (definition == null) {
        throw new IllegalArgumentException("its graph has no node " + name);
      }
      return definition;
    }

    private Scope callee(NodeDef definition, FunctionDef function) {
      Scope known = callees.get(definition.getName());
      if (known == null) {
        spend(function.getNodeDefCount());
        known = new Scope(this, definition, function);
        callees.put(definition.getName(), known);
        follow(definition);
        Scope made = known;
        function.getControlRetMap().values().forEach(name -> made.follow(name));
      }
      return known;
    }

    /** What has to run before the node, although it does not compute on it. */
    private void follow(NodeDef definition) {
      if (followed.add(definition.getName())) {
        for (String input : definition.getInputList()) {
          if (input.startsWith("^")) {
            follow(input.substring(1));
          }
        }
      }
    }

    private void follow(String name) {
      if (!arguments.containsKey(name)) {
        before.add(() -> run(definition(name)));
      }
    }

    private void run(NodeDef definition) {
      String called = calledFunction(definition);
      if (called != null) {
        FunctionDef callee = functions.get(called);
        Scope scope = callee(definition, callee);
        callee.getRetMap().values().forEach(scope::tensor);
      } else if (IDENTITIES.contains(definition.getOp())) {
        follow(definition);
        tensor(dataInput(definition, 0));
      } else {
        node(definition);
      }
    }

    private Node node(NodeDef definition) {
      Node known = made.get(definition.getName());
      if (known == null) {
        if (count++ > MAX_NODES) {
          throw new IllegalArgumentException("its graph has too many nodes");
        }
        spend(prefix.length() + definition.getName().length());
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
      follow(definition);
      all.add(node);
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
      OpDef signature = callee != null ? callee.getSignature() : Operations.of(definition.getOp());
      int before = 0;
      for (OpDef.ArgDef output : signature.getOutputArgList()) {
        if (output.getName().equals(parts[1])) {
          return before + index;
        }
        before += Operations.length(output, definition);
      }
      throw new IllegalArgumentException(definition.getOp() + " has no output " + parts[1]);
    }
  }

  private void spend(long steps) {
    work += steps;
    if (work > MAX_WORK) {
      throw new IllegalArgumentException("its graph is too large when all calls are written out");
    }
  }

  private String dataInput(NodeDef node, int index) {
    spend(index + 1L);
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
  private final Deque<Runnable> before = new ArrayDeque<>();
  private final List<Node> all = new ArrayList<>();
  private final List<Node> ordered;
  private int count;
  private long work;
  private final Tensor output;

  private FlatGraph(
      GraphDef graph, String output, Function<String, Optional<FloatTensor>> variables) {
    this.variables = variables;
    graph
        .getLibrary()
        .getFunctionList()
        .forEach(function -> functions.put(function.getSignature().getName(), function));
    this.output = new Scope(graph).tensor(output);
    connectAll();
    all.forEach(node -> nodesByName.put(node.name(), node));
    while (!before.isEmpty()) {
      before.remove().run();
      connectAll();
    }
    ordered = FlatOrder.of(all);
  }

  private void connectAll() {
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

  /**
   * Those and every node that has to run before one of them; each behind what it computes on, those
   * first that compute on nothing.
   */
  List<Node> ordered() {
    return ordered;
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

  /** The node that holds the tensor's values, if that is a constant or a variable. */
  public static Node holder(Tensor tensor) {
    Node node = tensor.node();
    while (node.is("ReadVariableOp") && !node.inputs().isEmpty()) {
      node = node.input(0).node();
    }
    return node;
  }

  /** The value of a constant or a variable of float32. */
  public Optional<FloatTensor> value(Tensor tensor) {
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
    return frozen(this.output, DataType.DT_FLOAT, output);
  }

  /** The same with another of its tensors, of that type, as the output. */
  public GraphDef frozen(Tensor result, DataType type, String output) {
    return FrozenForm.of(this, functions.values(), result, type, output);
  }

  /** A node that the output needs, by its name; null if there is none. */
  public Node node(String name) {
    return nodesByName.get(name);
  }
}
