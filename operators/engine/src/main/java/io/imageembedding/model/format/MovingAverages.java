// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.graph.FloatTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;

/**
 * How fast the moving averages of batch normalisation follow, read from the operations that update
 * them: {@code average -= (average - value) * (1 - decay)} or {@code average = average * decay +
 * value * (1 - decay)}, or the factor of a fused batch normalisation that does it itself.
 */
final class MovingAverages {
  private static final Set<String> PASS = Set.of("Identity", "Cast", "StopGradient");
  private static final int MAX_DEPTH = 8;

  /** Default of the attribute {@code is_training}. */
  private static final AttrValue TRUE = AttrValue.newBuilder().setB(true).build();

  private final Map<String, NodeDef> nodes = new HashMap<>();

  private MovingAverages(List<NodeDef> nodes) {
    nodes.forEach(node -> this.nodes.put(node.getName(), node));
  }

  /** The decay that the nodes of a graph or function update with; empty if they update none. */
  static OptionalDouble decay(List<NodeDef> nodes) {
    MovingAverages averages = new MovingAverages(nodes);
    for (NodeDef node : nodes) {
      OptionalDouble decay = averages.decay(node);
      if (decay.isPresent()) {
        return decay;
      }
    }
    return OptionalDouble.empty();
  }

  private OptionalDouble decay(NodeDef node) {
    return switch (node.getOp()) {
      case "AssignSub", "AssignSubVariableOp" -> complement(factor(input(node, 1)));
      case "Assign", "AssignVariableOp" -> {
        NodeDef sum = input(node, 1);
        boolean average =
            sum != null
                && (sum.getOp().equals("AddV2") || sum.getOp().equals("Add"))
                && factor(input(sum, 0)).isPresent()
                && factor(input(sum, 1)).isPresent();
        yield average ? factor(input(sum, 0)) : OptionalDouble.empty();
      }
      case "FusedBatchNormV3" ->
          node.getAttrOrDefault("is_training", TRUE).getB()
                  && node.containsAttr("exponential_avg_factor")
              ? complement(OptionalDouble.of(node.getAttrOrThrow("exponential_avg_factor").getF()))
              : OptionalDouble.empty();
      default -> OptionalDouble.empty();
    };
  }

  /** Rounded, because the complement of a decay is stored as float32. */
  private static OptionalDouble complement(OptionalDouble rate) {
    return rate.isPresent() && rate.getAsDouble() > 0 && rate.getAsDouble() < 1
        ? OptionalDouble.of(Math.rint((1 - rate.getAsDouble()) * 1e6) / 1e6)
        : OptionalDouble.empty();
  }

  private NodeDef input(NodeDef node, int index) {
    if (node == null || index >= node.getInputCount()) {
      return null;
    }
    NodeDef input = nodes.get(node.getInput(index).split(":", 2)[0]);
    while (input != null && PASS.contains(input.getOp())) {
      input = nodes.get(input.getInput(0).split(":", 2)[0]);
    }
    return input;
  }

  /** The constant that a product is made with. */
  private OptionalDouble factor(NodeDef product) {
    if (product == null || !product.getOp().equals("Mul")) {
      return OptionalDouble.empty();
    }
    Optional<Double> right = constant(input(product, 1), 0);
    Optional<Double> factor = right.isPresent() ? right : constant(input(product, 0), 0);
    return factor.isPresent() ? OptionalDouble.of(factor.get()) : OptionalDouble.empty();
  }

  private Optional<Double> constant(NodeDef node, int depth) {
    if (node == null || depth > MAX_DEPTH) {
      return Optional.empty();
    }
    if (node.getOp().equals("Const")) {
      return FloatTensor.of(node.getAttrOrThrow("value").getTensor())
          .filter(value -> value.elements() == 1)
          .map(value -> (double) value.values()[0]);
    }
    if (node.getOp().equals("Sub")) {
      return constant(input(node, 0), depth + 1)
          .flatMap(left -> constant(input(node, 1), depth + 1).map(right -> left - right));
    }
    return Optional.empty();
  }
}
