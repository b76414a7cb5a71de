// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import io.imageembedding.annotation.Internal;
import java.util.concurrent.atomic.AtomicInteger;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.proto.GraphDef;

/** A native graph with the session that runs it, and the owner of both. Not thread-safe. */
@Internal
public final class GraphSession implements AutoCloseable {
  private static final AtomicInteger OPEN = new AtomicInteger();

  private final Ownership owned = new Ownership();
  private final Graph graph;
  private final Session session;

  private GraphSession(GraphDef definition, boolean fused) throws TensorFlowFailure {
    graph = owned.add(TensorFlowRuntime.newGraph(definition));
    OPEN.incrementAndGet();
    owned.add(OPEN::decrementAndGet);
    try {
      session =
          owned.add(
              fused
                  ? TensorFlowRuntime.newSession(graph)
                  : TensorFlowRuntime.newUnfusedSession(graph));
    } catch (Throwable e) {
      throw owned.closeAfter(e);
    }
  }

  /**
   * Opens a graph of that definition.
   *
   * @throws TensorFlowFailure if TensorFlow does not take it
   */
  public static GraphSession of(GraphDef definition) throws TensorFlowFailure {
    return new GraphSession(definition, true);
  }

  /**
   * One that runs operations as they stand in the graph, as {@link
   * TensorFlowRuntime#newUnfusedSession} says.
   */
  public static GraphSession unfused(GraphDef definition) throws TensorFlowFailure {
    return new GraphSession(definition, false);
  }

  /** How many there are in this JVM that were opened and not closed. */
  public static int open() {
    return OPEN.get();
  }

  public Graph graph() {
    return graph;
  }

  public Session session() {
    return session;
  }

  /** Closes the session, then its graph; does nothing afterwards. */
  @Override
  public void close() {
    owned.close();
  }
}
