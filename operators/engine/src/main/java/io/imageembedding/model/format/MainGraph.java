// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.Checkpoint;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorInfo;

/**
 * A network that lies in the nodes of a graph and not in a function of it, as TensorFlow 1 wrote
 * networks: frozen graphs, Hub modules, SavedModels with signatures only. What the output needs is
 * taken over, with names of our own and allowed operations only; variables become constants.
 */
final class MainGraph {
  private static final String INPUT = "images";
  private static final Set<String> VARIABLES = Set.of("VarHandleOp", "VariableV2", "Variable");
  private static final Set<String> OTHER_INPUTS = Set.of("Placeholder", "PlaceholderV2");

  private final String model;
  private final Map<String, NodeDef> foreign = new HashMap<>();
  private final Map<String, String> newNames = new HashMap<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final Map<String, NodeDef.Builder> taken = new LinkedHashMap<>();
  private final Map<String, FloatTensor> variables = new TreeMap<>();
  private final Map<String, String> variableNodes = new HashMap<>();
  private final Tensor input;
  private final Checkpoint checkpoint;
  private final AllowedOperations allowed;

  /** An output of a node. */
  record Tensor(String node, int index) {

    /** From {@code node} or {@code node:index}, in front of which {@code ^} may stand. */
    static Tensor parse(String name) {
      String plain = name.startsWith("^") ? name.substring(1) : name;
      int colon = plain.lastIndexOf(':');
      return colon < 0 || !plain.substring(colon + 1).matches("\\d{1,6}")
          ? new Tensor(plain, 0)
          : new Tensor(plain.substring(0, colon), Integer.parseInt(plain.substring(colon + 1)));
    }
  }

  private MainGraph(
      String model,
      GraphDef graph,
      Tensor input,
      Checkpoint checkpoint,
      AllowedOperations allowed) {
    this.allowed = allowed;
    this.model = model;
    this.input = input;
    this.checkpoint = checkpoint;
    graph.getNodeList().forEach(node -> foreign.put(node.getName(), node));
  }

  /**
   * The network between two tensors of a graph, ready to run.
   *
   * @param input name and type of the images
   * @param output name and type of the vectors
   * @param checkpoint values of the variables, or null where there can be none
   */
  static OpenedModel open(
      ModelOrigin origin,
      GraphDef graph,
      TensorInfo input,
      int inputSize,
      TensorInfo output,
      Checkpoint checkpoint,
      ModelOptions options,
      OpenedModel.Training training) {
    AllowedOperations allowed = AllowedOperations.with(options);
    MainGraph main =
        new MainGraph(origin.name(), graph, Tensor.parse(input.getName()), checkpoint, allowed);
    Tensor result = Tensor.parse(output.getName());
    main.node(main.input.node());
    String resultName = main.newName(result.node());
    while (!main.open.isEmpty()) {
      main.take(main.open.remove());
    }
    FunctionClosure functions =
        FunctionClosure.of(origin.name(), graph.getLibrary(), allowed, main.taken.values());
    GraphNodes nodes = new GraphNodes();
    String fed =
        NetworkPorts.input(nodes, INPUT, input.getDtype(), inputSize, options.inputRange());
    ContentDigest digest = new ContentDigest();
    main.variables.forEach(
        (key, value) -> digest.variable(key, "DT_FLOAT", value.shape(), value.bytes()));
    for (NodeDef.Builder node : main.taken.values()) {
      String variable = main.variableNodes.get(node.getName());
      if (variable == null) {
        digest.function(node.build());
      } else {
        digest.function((node.getName() + "=" + variable).getBytes(StandardCharsets.UTF_8));
      }
      nodes.graph().addNode(node);
    }
    nodes.graph().getLibraryBuilder().addAllFunction(functions.functions());
    functions.addTo(digest);
    String fetched =
        NetworkPorts.output(nodes, resultName + ":" + result.index(), output.getDtype());
    return OpenedModel.of(
        origin,
        inputSize,
        new RunnableGraph(nodes.graph().build(), fed, null, fetched, null),
        digest.hex(),
        unknown -> Optional.empty(),
        training);
  }

  private NodeDef node(String name) {
    NodeDef node = foreign.get(name);
    if (node == null) {
      throw ModelException.of(model, "its graph has no node " + name);
    }
    return node;
  }

  private String newName(String name) {
    return newNames.computeIfAbsent(
        name,
        unknown -> {
          node(unknown);
          open.add(unknown);
          return "node_" + newNames.size();
        });
  }

  private void take(String name) {
    NodeDef node = node(name);
    if (OTHER_INPUTS.contains(node.getOp())) {
      throw ModelException.of(model, "beside the images it needs a value for " + name);
    }
    NodeDef.Builder own = node.toBuilder().clearInput().setName(newName(name));
    List.copyOf(own.getAttrMap().keySet()).stream()
        .filter(key -> key.startsWith("_"))
        .forEach(own::removeAttr);
    if (VARIABLES.contains(node.getOp())) {
      FloatTensor value = variable(node);
      variableNodes.put(own.getName(), variableKey(node));
      variables.put(variableKey(node), value);
      own.setOp("Const")
          .clearAttr()
          .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT))
          .putAttr("value", AttrValue.newBuilder().setTensor(value.proto()).build());
      taken.put(name, own);
      return;
    }
    if (node.getOp().equals("ReadVariableOp")) {
      own.setOp("Identity").clearAttr().putAttr("T", node.getAttrOrThrow("dtype"));
    }
    for (String reference : node.getInputList()) {
      addInput(own, reference);
    }
    taken.put(name, own);
  }

  private void addInput(NodeDef.Builder own, String reference) {
    Tensor tensor = Tensor.parse(reference);
    if (reference.startsWith("^")) {
      // An order between operations that have no effects; those that have any are left out.
      if (allowed.contains(node(tensor.node()).getOp()) && !tensor.node().equals(input.node())) {
        own.addInput("^" + newName(tensor.node()));
      }
    } else if (tensor.equals(input)) {
      own.addInput(INPUT);
    } else {
      own.addInput(newName(tensor.node()) + ":" + tensor.index());
    }
  }

  private static String variableKey(NodeDef node) {
    AttrValue shared = node.getAttrMap().get("shared_name");
    return shared == null || shared.getS().isEmpty()
        ? node.getName()
        : shared.getS().toStringUtf8();
  }

  private FloatTensor variable(NodeDef node) {
    if (checkpoint == null) {
      throw ModelException.of(
          model,
          "variable "
              + node.getName()
              + " has no value; needed: a frozen graph, whose variables are constants");
    }
    return checkpoint.floats(variableKey(node));
  }
}
