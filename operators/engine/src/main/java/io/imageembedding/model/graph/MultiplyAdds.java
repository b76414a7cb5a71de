// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.annotation.Internal;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.OptionalLong;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Multiplications of convolutions and matrix products that one image takes. */
@Internal
public final class MultiplyAdds {
  private static final Set<String> CONVOLUTIONS = Set.of("Conv2D", "DepthwiseConv2dNative");

  private MultiplyAdds() {}

  /**
   * Counts by the shapes that TensorFlow infers; nothing is run.
   *
   * @param frozen a graph without variables and calls
   * @return empty if a shape is not known before the graph is run
   */
  public static OptionalLong of(GraphDef frozen, String input, int size) {
    GraphDef.Builder one = frozen.toBuilder();
    for (NodeDef.Builder node : one.getNodeBuilderList()) {
      if (node.getName().equals(input)) {
        node.putAttr(
            "shape", AttrValue.newBuilder().setShape(GraphNodes.shape(1, size, size, 3)).build());
      }
    }
    try (Graph graph = TensorFlowRuntime.newGraph(one.build())) {
      long sum = 0;
      for (NodeDef node : one.getNodeList()) {
        boolean convolution = CONVOLUTIONS.contains(node.getOp());
        if (convolution || node.getOp().equals("MatMul")) {
          Operation operation = graph.operation(node.getName());
          Shape output = operation.output(0).shape();
          Shape weights = graph.operation(name(node.getInput(1))).output(0).shape();
          if (output.hasUnknownDimension() || weights.hasUnknownDimension()) {
            return OptionalLong.empty();
          }
          sum += output.size() * taps(node, weights);
        }
      }
      return OptionalLong.of(sum);
    } catch (TensorFlowFailure e) {
      return OptionalLong.empty();
    }
  }

  /** Products that make one element of the output. */
  private static long taps(NodeDef node, Shape weights) {
    return switch (node.getOp()) {
      case "Conv2D" -> weights.get(0) * weights.get(1) * weights.get(2);
      case "DepthwiseConv2dNative" -> weights.get(0) * weights.get(1);
      default ->
          weights.get(
              node.getAttrOrDefault("transpose_b", AttrValue.getDefaultInstance()).getB() ? 1 : 0);
    };
  }

  private static String name(String reference) {
    return reference.split(":", 2)[0];
  }
}
