// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Writes a flat graph as nodes, with variables as constants. */
final class FrozenForm {
  private FrozenForm() {}

  /**
   * @param functions what branches and loops call
   * @param result what is to come out
   * @param type of that
   * @param output name of the node that gives the output
   * @throws IllegalArgumentException if a variable is used other than by being read
   */
  static GraphDef of(
      FlatGraph flat,
      Collection<FunctionDef> functions,
      Tensor result,
      DataType type,
      String output) {
    GraphNodes graph = new GraphNodes();
    Map<Node, String> names = new HashMap<>();
    for (Node node : flat.nodes()) {
      names.put(node, node.is("Placeholder") ? node.name() : "node_" + names.size());
    }
    for (Node node : flat.nodes()) {
      if (node.is("VarHandleOp")) {
        continue;
      }
      if (node.is("ReadVariableOp")) {
        FloatTensor value =
            flat.value(new Tensor(node, 0))
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
        .node(output, "Identity", names.get(result.node()) + ":" + result.index())
        .putAttr("T", GraphNodes.type(type));
    functions.forEach(graph.graph().getLibraryBuilder()::addFunction);
    return graph.graph().build();
  }
}
