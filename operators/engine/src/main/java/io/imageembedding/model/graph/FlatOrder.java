// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Brings nodes into the order in which they can be computed, as far as there is one. */
final class FlatOrder {
  /** Networks of a thousand layers have a third of it; native code nests with the depth. */
  private static final int DEEPEST = 10_000;

  private FlatOrder() {}

  /**
   * The nodes, each behind what it computes on: those first that compute on nothing.
   *
   * @throws IllegalArgumentException if they refer to each other in a circle, other than by the
   *     {@code NextIteration} of a loop, or in too long a chain
   */
  static List<Node> of(Collection<Node> nodes) {
    Map<Node, List<Node>> consumers = new HashMap<>();
    Map<Node, Integer> missing = new HashMap<>();
    Deque<Node> ready = new ArrayDeque<>();
    for (Node node : nodes) {
      int inputs = 0;
      for (Tensor input : node.inputs()) {
        if (!input.node().is("NextIteration")) {
          consumers.computeIfAbsent(input.node(), producer -> new ArrayList<>()).add(node);
          inputs++;
        }
      }
      missing.put(node, inputs);
      if (inputs == 0) {
        ready.add(node);
      }
    }
    Map<Node, Integer> depths = new HashMap<>();
    List<Node> ordered = new ArrayList<>();
    while (!ready.isEmpty()) {
      Node node = ready.remove();
      ordered.add(node);
      int depth = depths.getOrDefault(node, 0) + 1;
      if (depth > DEEPEST) {
        throw new IllegalArgumentException(
            "its graph has a chain of more than " + DEEPEST + " operations");
      }
      for (Node consumer : consumers.getOrDefault(node, List.of())) {
        depths.merge(consumer, depth, Math::max);
        if (missing.merge(consumer, -1, Integer::sum) == 0) {
          ready.add(consumer);
        }
      }
    }
    if (ordered.size() < nodes.size()) {
      throw new IllegalArgumentException("its graph has operations that wait for each other");
    }
    return ordered;
  }
}
