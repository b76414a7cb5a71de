// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds out whether a network begins by making small numbers of large ones: then it takes bytes for
 * colours, and on numbers in [0,1] it sees nearly black pictures only.
 */
@Internal
public final class Rescaling {
  /** That of bytes to [-1,1] is 1/127.5; a standard deviation does not make it less small. */
  private static final double OF_BYTES = 0.05;

  private static final int MOST_STEPS = 8;

  private Rescaling() {}

  /** What a person is told of it; empty if it does not. */
  public static Optional<String> hint(FlatGraph graph) {
    Optional<Node> images =
        graph.nodes().stream().filter(node -> node.is("Placeholder")).findFirst();
    double scale = 1;
    double least = 1;
    Tensor current = images.map(node -> new Tensor(node, 0)).orElse(null);
    for (int i = 0; i < MOST_STEPS && current != null; i++) {
      Tensor from = current;
      List<Node> consumers =
          graph.nodes().stream().filter(node -> node.inputs().contains(from)).toList();
      if (consumers.size() != 1) {
        break;
      }
      Node next = consumers.get(0);
      current = new Tensor(next, 0);
      if (next.is("Cast", "Round")) {
        continue;
      }
      Optional<Affine.Step> step = Affine.step(graph, current);
      if (step.isEmpty() || !step.get().input().equals(from)) {
        break;
      }
      scale *= Arrays.stream(step.get().affine().scale()).map(Math::abs).max().orElse(1);
      least = Math.min(least, scale);
    }
    return least > OF_BYTES
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "its graph begins with a rescaling by %.4g, so it may take colours in 0..255 and not"
                    + " in 0..1; if so, say --input-range 0..255"
                    + " (image-embedding.model.input-range)",
                least));
  }
}
