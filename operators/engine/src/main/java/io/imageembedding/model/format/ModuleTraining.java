// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.optimize.OpenedModel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;

/**
 * What a reusable SavedModel says of its training: the functions of its list {@code
 * regularization_losses}, and the decay in the functions of {@code __call__} that update moving
 * averages.
 */
final class ModuleTraining implements OpenedModel.Training {
  private final ObjectGraph objects;
  private final FunctionDefLibrary library;
  private final AllowedOperations allowed;
  private final CheckpointKeys keys;
  private final Map<String, String> nodesByKey = new HashMap<>();

  /**
   * @param keysByNode keys of variables by the nodes that hold them in the graph that is run
   */
  ModuleTraining(
      ObjectGraph objects,
      FunctionDefLibrary library,
      AllowedOperations allowed,
      CheckpointKeys keys,
      Map<String, String> keysByNode) {
    this.objects = objects;
    this.library = library;
    this.allowed = allowed;
    this.keys = keys;
    keysByNode.forEach((node, key) -> nodesByKey.put(key, node));
  }

  @Override
  public OptionalDouble batchNormDecay() {
    Map<String, FunctionDef> byName = new HashMap<>();
    library.getFunctionList().forEach(f -> byName.put(f.getSignature().getName(), f));
    Set<String> seen = new HashSet<>();
    Deque<String> open = new ArrayDeque<>();
    objects
        .child(objects.root(), "__call__")
        .ifPresent(
            call ->
                call.getFunction().getConcreteFunctionsList().stream()
                    // Those with further arguments last: what decays then is the caller's choice.
                    .sorted(
                        Comparator.comparingInt(
                            name -> objects.concreteFunction(name).getSerializedSize()))
                    .forEach(open::add));
    while (!open.isEmpty()) {
      FunctionDef function = byName.get(open.remove());
      if (function == null || !seen.add(function.getSignature().getName())) {
        continue;
      }
      OptionalDouble decay = MovingAverages.decay(function.getNodeDefList());
      if (decay.isPresent()) {
        return decay;
      }
      for (NodeDef node : function.getNodeDefList()) {
        open.add(node.getOp());
        node.getAttrMap()
            .values()
            .forEach(
                attribute -> {
                  open.add(attribute.getFunc().getName());
                  attribute.getList().getFuncList().forEach(f -> open.add(f.getName()));
                });
      }
    }
    return OptionalDouble.empty();
  }

  @Override
  public List<Regularizer> regularizers(Map<String, String> variables) {
    List<Regularizer> regularizers = new ArrayList<>();
    Optional<SavedObject> list = objects.child(objects.root(), "regularization_losses");
    if (list.isEmpty()) {
      return regularizers;
    }
    ObjectGraph.children(list.get()).entrySet().stream()
        .filter(child -> child.getKey().matches("\\d{1,6}"))
        .sorted(Comparator.comparingInt(child -> Integer.parseInt(child.getKey())))
        .forEach(
            child ->
                regularizer(objects.node(child.getValue()), variables)
                    .ifPresent(regularizers::add));
    return regularizers;
  }

  /** Empty where it is of variables outside of the network, such as those of a head. */
  private Optional<Regularizer> regularizer(SavedObject loss, Map<String, String> variables) {
    String name =
        loss.hasBareConcreteFunction()
            ? loss.getBareConcreteFunction().getConcreteFunctionName()
            : loss.getFunction().getConcreteFunctionsCount() > 0
                ? loss.getFunction().getConcreteFunctions(0)
                : null;
    if (name == null) {
      throw ModelException.of(objects.model(), "a regularisation loss is no function");
    }
    FunctionClosure functions = FunctionClosure.of(objects.model(), library, allowed, name);
    GraphNodes nodes = new GraphNodes();
    Map<String, String> byHandle = new LinkedHashMap<>();
    List<String> captures = new ArrayList<>();
    for (int id : objects.concreteFunction(name).getBoundInputsList()) {
      String variable = variables.get(nodesByKey.get(keys.byObject().get(id)));
      if (variable == null) {
        return Optional.empty();
      }
      String handle = "handle." + captures.size();
      nodes.node(handle, "VarHandleOp").putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT));
      captures.add(handle);
      byHandle.put(handle, variable);
    }
    FunctionDef chosen = functions.functions().get(0);
    nodes.node("loss", chosen.getSignature().getName(), captures.toArray(String[]::new));
    nodes.graph().getLibraryBuilder().addAllFunction(functions.functions());
    try {
      FlatGraph flat = FlatGraph.of(nodes.graph().build(), "loss:0", unknown -> Optional.empty());
      return Optional.of(Regularizer.of(flat, byHandle));
    } catch (IllegalArgumentException e) {
      throw ModelException.of(objects.model(), e.getMessage(), e);
    }
  }
}
