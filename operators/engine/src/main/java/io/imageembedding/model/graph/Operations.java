// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.annotation.Internal;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/** What native TensorFlow says of its operations. */
@Internal
public final class Operations {
  private static final Map<String, OpDef> BY_NAME =
      TensorFlowRuntime.operations().getOpList().stream()
          .collect(Collectors.toMap(OpDef::getName, Function.identity(), (first, second) -> first));

  private Operations() {}

  /**
   * @throws IllegalArgumentException if there is none of that name
   */
  public static OpDef of(String name) {
    OpDef operation = BY_NAME.get(name);
    if (operation == null) {
      throw new IllegalArgumentException("TensorFlow has no operation " + name);
    }
    return operation;
  }

  /** Type of a node's output; float32 where the node does not say it as most do. */
  public static DataType type(NodeDef node, int index) {
    OpDef operation = BY_NAME.get(node.getOp());
    if (operation == null || index >= operation.getOutputArgCount()) {
      return DataType.DT_FLOAT;
    }
    OpDef.ArgDef output = operation.getOutputArg(index);
    if (output.getTypeAttr().isEmpty()) {
      return output.getType() == DataType.DT_INVALID ? DataType.DT_FLOAT : output.getType();
    }
    AttrValue type = node.getAttrMap().get(output.getTypeAttr());
    return type == null ? DataType.DT_FLOAT : type.getType();
  }

  /** How many tensors the argument of an operation stands for in a node. */
  static int length(OpDef.ArgDef argument, NodeDef node) {
    if (!argument.getNumberAttr().isEmpty()) {
      return (int) node.getAttrOrThrow(argument.getNumberAttr()).getI();
    }
    if (!argument.getTypeListAttr().isEmpty()) {
      return node.getAttrOrThrow(argument.getTypeListAttr()).getList().getTypeCount();
    }
    return 1;
  }
}
