// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.Operations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/** Writes a flat graph as a function that takes its variables as resources. */
final class LossFunction {
  private LossFunction() {}

  /**
   * @param name of the function
   * @param handles names of the VarHandleOps, in the order of the arguments
   * @throws IllegalArgumentException if it uses others, or operations of several outputs
   */
  static FunctionDef of(FlatGraph flat, String name, List<String> handles) {
    OpDef.Builder signature = OpDef.newBuilder().setName(name).setIsStateful(true);
    Map<Node, String> references = new HashMap<>();
    for (int i = 0; i < handles.size(); i++) {
      signature.addInputArgBuilder().setName("variable_" + i).setType(DataType.DT_RESOURCE);
      Node handle = flat.node(handles.get(i));
      if (handle != null) {
        references.put(handle, "variable_" + i);
      }
    }
    List<Node> operations =
        flat.nodes().stream().filter(node -> !references.containsKey(node)).toList();
    for (Node node : operations) {
      OpDef operation = Operations.of(node.op());
      if (node.is("VarHandleOp", "Placeholder") || operation.getOutputArgCount() != 1) {
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
    return function
        .setSignature(signature)
        .putRet("loss", references.get(flat.output().node()))
        .build();
  }
}
