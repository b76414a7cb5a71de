// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Where a network's feature maps become one vector: the last pooling over height and width that
 * everything passes on its way from the images to the output. Poolings beside the way, as in
 * squeeze-and-excitation, are none.
 */
@Internal
public final class GlobalPooling {
  /** Poolings that are looked at, from the output on; each costs a walk through the graph. */
  private static final int MOST_CANDIDATES = 64;

  private GlobalPooling() {}

  /**
   * The pooling's result, {@code [n, features]} or {@code [n, 1, 1, features]}; empty if there is
   * none.
   */
  public static Optional<Tensor> of(FlatGraph graph) {
    Set<Node> seen = new HashSet<>();
    Deque<Node> open = new ArrayDeque<>();
    add(graph.output().node(), seen, open);
    int candidates = 0;
    while (!open.isEmpty()) {
      Node node = open.remove();
      if (isPooling(node)) {
        if (separates(node, graph)) {
          return Optional.of(new Tensor(node, 0));
        }
        if (++candidates == MOST_CANDIDATES) {
          return Optional.empty();
        }
      }
      node.inputs().forEach(input -> add(input.node(), seen, open));
    }
    return Optional.empty();
  }

  /** Whether the output is the pooling's result, but for axes of length 1. */
  public static boolean isOutput(Tensor pooled, FlatGraph graph) {
    Node node = graph.output().node();
    while (node.is("Reshape", "Squeeze", "ExpandDims")) {
      node = node.input(0).node();
    }
    return node.equals(pooled.node());
  }

  /** Whether height and width are still there, with a length of 1. */
  public static boolean keepsAxes(Tensor pooled) {
    return pooled.node().is("AvgPool") || pooled.node().attribute("keep_dims").getB();
  }

  private static boolean separates(Node pooling, FlatGraph graph) {
    Set<Node> seen = new HashSet<>(Set.of(pooling));
    Deque<Node> open = new ArrayDeque<>();
    add(graph.output().node(), seen, open);
    while (!open.isEmpty()) {
      Node node = open.remove();
      if (node.is("Placeholder")) {
        return false;
      }
      node.inputs().forEach(input -> add(input.node(), seen, open));
    }
    return true;
  }

  private static void add(Node node, Set<Node> seen, Deque<Node> open) {
    if (seen.add(node)) {
      open.add(node);
    }
  }

  private static boolean isPooling(Node node) {
    return node.is("Mean", "Max")
        ? node.inputs().size() == 2 && NetworkTail.isHeightAndWidth(node.input(1))
        : node.is("AvgPool") && Attributes.isNhwc(node);
  }
}
