// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.annotation.Internal;
import java.util.stream.Stream;
import org.tensorflow.proto.GraphDef;

/**
 * A graph between images and vectors.
 *
 * @param input name of the node that is fed images in [0,1]
 * @param centredInput name of the node that is fed images in [-1,1] instead; null if there is none
 * @param output name and index of the vectors
 * @param checkpoint prefix of the files that its variables are read from; null if it has none
 */
@Internal
public record RunnableGraph(
    GraphDef definition, String input, String centredInput, String output, String checkpoint) {

  /** Node that takes the prefix of a checkpoint, in a graph with variables. */
  public static final String CHECKPOINT = "prefix";

  /** Node that gives the variables their values. */
  public static final String RESTORE = "assign";

  /** Whether there is batch normalisation in it, or in a function of its library. */
  public boolean normalisesBatches() {
    return Stream.concat(
            definition.getNodeList().stream(),
            definition.getLibrary().getFunctionList().stream()
                .flatMap(function -> function.getNodeDefList().stream()))
        .anyMatch(node -> node.getOp().startsWith("FusedBatchNorm"));
  }
}
