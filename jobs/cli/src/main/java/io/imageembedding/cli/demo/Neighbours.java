// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.demo;

import io.imageembedding.embedding.Cosine;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.annotation.Internal;

/** The nearest others of every vector by cosine similarity, by comparing all with all. */
@Internal
public final class Neighbours {

  /**
   * Another vector.
   *
   * @param index of it in the list that was searched
   * @param cosine similarity, -1 to 1
   */
  public record Neighbour(int index, double cosine) {}

  private final List<float[]> vectors;

  public Neighbours(List<float[]> vectors) {
    this.vectors = vectors;
  }

  /** The nearest others of a vector, nearest first; of equally near ones the earlier. */
  public List<Neighbour> of(int index, int count) {
    return IntStream.range(0, vectors.size())
        .filter(other -> other != index)
        .mapToObj(other -> new Neighbour(other, Cosine.of(vectors.get(index), vectors.get(other))))
        .sorted(
            Comparator.comparingDouble(Neighbour::cosine)
                .reversed()
                .thenComparingInt(Neighbour::index))
        .limit(count)
        .toList();
  }
}
