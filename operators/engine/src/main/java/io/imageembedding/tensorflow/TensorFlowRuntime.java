// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import io.imageembedding.annotation.Internal;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.OpList;
import org.tensorflow.proto.RewriterConfig;

/**
 * The one door to native TensorFlow: it opens all sessions, with the same settings: one thread per
 * operation, operations run by the calling thread. Parallelism comes from task slots, and the first
 * session of a JVM fixes the thread pool of all later ones.
 */
@Internal
public final class TensorFlowRuntime {
  private static final ConfigProto CONFIG =
      ConfigProto.newBuilder()
          .setIntraOpParallelismThreads(1)
          .setInterOpParallelismThreads(-1)
          .build();

  private static final ConfigProto UNFUSED =
      CONFIG.toBuilder()
          .setGraphOptions(
              GraphOptions.newBuilder()
                  .setRewriteOptions(
                      RewriterConfig.newBuilder().setRemapping(RewriterConfig.Toggle.OFF)))
          .build();

  static {
    OneDnn.enable();
    startDeallocator();
  }

  private TensorFlowRuntime() {}

  /** JavaCPP's thread, which starts with its first pointer. */
  private static void startDeallocator() {
    try {
      OutsideOfJobs.call(
          MethodHandles.publicLookup()
              .findConstructor(Pointer.class, MethodType.methodType(void.class)));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("JavaCPP is another than this was written for", e);
    }
  }

  /**
   * Makes ready what has to be before native TensorFlow is loaded; does nothing afterwards. Whoever
   * uses TensorFlow's tensors without a session calls it first.
   */
  public static void prepare() {
    // Initialising this class is all.
  }

  /** The operations that native TensorFlow has. */
  public static OpList operations() {
    return TensorFlow.registeredOpList();
  }

  /** The version of native TensorFlow. */
  public static String version() {
    return TensorFlow.version();
  }

  /** A session on the graph, owned and closed by the caller, before the graph. */
  public static Session newSession(Graph graph) {
    return new Session(graph, CONFIG);
  }

  /**
   * A session that runs operations as they stand in the graph. On processors with AVX2 only, oneDNN
   * computes a convolution that batch normalisation was fused into many times slower than the two
   * of them.
   */
  public static Session newUnfusedSession(Graph graph) {
    return new Session(graph, UNFUSED);
  }

  /**
   * An empty graph, owned and closed by the caller. Its constructor loads native TensorFlow, for
   * which all has to be ready before.
   */
  public static Graph newGraph() {
    return new Graph();
  }

  /**
   * A graph of that definition, owned and closed by the caller.
   *
   * @throws TensorFlowFailure if TensorFlow does not take it
   */
  public static Graph newGraph(GraphDef definition) throws TensorFlowFailure {
    Ownership owned = new Ownership();
    Graph graph = owned.add(new Graph());
    try (owned) {
      run(
          () -> {
            graph.importGraphDef(definition);
            return null;
          });
      return owned.release(graph);
    }
  }

  /**
   * Runs something of TensorFlow, whose failures have no common type: some are sub-classes of
   * {@link TensorFlowException}, others of exceptions of the JDK, all in the same package.
   *
   * @throws TensorFlowFailure if TensorFlow fails
   */
  public static <T> T run(Supplier<T> work) throws TensorFlowFailure {
    try {
      return work.get();
    } catch (RuntimeException e) {
      if (e.getClass().getPackage().equals(TensorFlowException.class.getPackage())) {
        throw new TensorFlowFailure(e);
      }
      throw e;
    }
  }
}
