// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.proto.ConfigProto;

/**
 * The one place that opens TensorFlow sessions, all with the same settings: one thread per
 * operation, operations run by the calling thread. Parallelism comes from task slots, and the first
 * session of a JVM fixes the thread pool of all later ones.
 */
public final class TensorFlowRuntime {
  private static final ConfigProto CONFIG =
      ConfigProto.newBuilder()
          .setIntraOpParallelismThreads(1)
          .setInterOpParallelismThreads(-1)
          .build();

  private TensorFlowRuntime() {}

  /** A session on the graph, owned and closed by the caller, before the graph. */
  public static Session newSession(Graph graph) {
    return new Session(graph, CONFIG);
  }
}
