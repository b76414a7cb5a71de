// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.GraphNodes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * A regularisation loss: a scalar that depends on variables only.
 *
 * @param function takes a resource for each variable, reads them, calls no other function, and has
 *     operations of one output only
 * @param variables TF-Slim's names, in the order of the function's arguments
 */
@Internal
public record Regularizer(FunctionDef function, List<String> variables) {
  private static final DataType FLOAT = DataType.DT_FLOAT;

  /** TF-Slim's weight decay of MobileNetV2. */
  public static final double SLIM_WEIGHT_DECAY = 4e-5;

  /** As TF-Slim trains MobileNetV2: of the kernels of full convolutions, not of depthwise ones. */
  public static List<Regularizer> weightDecays(MobileNetV2 network, double coefficient) {
    return network.variables().keySet().stream()
        .filter(name -> name.endsWith("/weights"))
        .map(name -> weightDecay(name, (float) coefficient))
        .toList();
  }

  /** {@code coefficient * sum(variable^2) / 2}, as TF-Slim's {@code l2_regularizer}. */
  public static Regularizer weightDecay(String variable, float coefficient) {
    GraphNodes nodes = new GraphNodes();
    nodes.node("read", "ReadVariableOp", "kernel").putAttr("dtype", GraphNodes.type(FLOAT));
    nodes.node("l2", "L2Loss", "read:value:0").putAttr("T", GraphNodes.type(FLOAT));
    nodes.constant("coefficient", new float[] {coefficient});
    nodes
        .node("loss", "Mul", "coefficient:output:0", "l2:output:0")
        .putAttr("T", GraphNodes.type(FLOAT));
    OpDef.Builder signature = OpDef.newBuilder().setName("weight_decay").setIsStateful(true);
    signature.addInputArgBuilder().setName("kernel").setType(DataType.DT_RESOURCE);
    signature.addOutputArgBuilder().setName("loss").setType(FLOAT);
    return new Regularizer(
        FunctionDef.newBuilder()
            .setSignature(signature)
            .addAllNodeDef(nodes.graph().getNodeList())
            .putRet("loss", "loss:z:0")
            .build(),
        List.of(variable));
  }

  /**
   * A loss as a graph computes it.
   *
   * @param variables TF-Slim's names by the names of the graph's VarHandleOps
   * @throws IllegalArgumentException if it cannot be written without calls
   */
  public static Regularizer of(FlatGraph loss, Map<String, String> variables) {
    List<String> handles = List.copyOf(variables.keySet());
    return new Regularizer(
        LossFunction.of(loss, "regularization_loss", handles),
        handles.stream().map(variables::get).toList());
  }

  /**
   * Adds the loss to a graph.
   *
   * @param scope what the names of the new nodes begin with
   * @param values gives the tensor that holds a variable's value
   * @return the tensor of the loss
   */
  public String addTo(GraphNodes nodes, String scope, UnaryOperator<String> values) {
    Map<String, String> tensors = new HashMap<>();
    for (int i = 0; i < variables.size(); i++) {
      tensors.put(function.getSignature().getInputArg(i).getName(), values.apply(variables.get(i)));
    }
    for (NodeDef node : function.getNodeDefList()) {
      String name = scope + "." + node.getName().replace('/', '.');
      NodeDef.Builder own =
          nodes.node(name, node.getOp(), new String[0]).putAllAttr(node.getAttrMap());
      if (node.getOp().equals("ReadVariableOp")) {
        AttrValue type = node.getAttrOrThrow("dtype");
        own.setOp("Identity").clearAttr().putAttr("T", type);
      }
      for (String input : node.getInputList()) {
        if (!input.startsWith("^")) {
          own.addInput(tensor(input, scope, tensors));
        }
      }
    }
    String result = function.getRetOrThrow(function.getSignature().getOutputArg(0).getName());
    return tensor(result, scope, tensors);
  }

  private static String tensor(String reference, String scope, Map<String, String> arguments) {
    String node = reference.split(":", 2)[0];
    return arguments.getOrDefault(node, scope + "." + node.replace('/', '.'));
  }
}
