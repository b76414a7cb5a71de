// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
 * The one door to native TensorFlow: it opens all sessions, with the same settings: operations are
 * run by the calling thread, and computed by one thread unless {@link #useIntraOpThreads} says
 * otherwise.
 */
public final class TensorFlowRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(TensorFlowRuntime.class);

  /** Property of the process, which has one pool of threads whoever loaded this class in it. */
  private static final String POOL = TensorFlowRuntime.class.getName() + ".intraOpThreads";

  private static final GraphOptions UNFUSED =
      GraphOptions.newBuilder()
          .setRewriteOptions(RewriterConfig.newBuilder().setRemapping(RewriterConfig.Toggle.OFF))
          .build();

  private static int intraOpThreads = 1;

  static {
    OneDnn.enable();
  }

  private TensorFlowRuntime() {}

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
    return new Session(graph, config().build());
  }

  /**
   * A session that runs operations as they stand in the graph. On processors with AVX2 only, oneDNN
   * computes a convolution that batch normalisation was fused into many times slower than the two
   * of them.
   */
  public static Session newUnfusedSession(Graph graph) {
    return new Session(graph, config().setGraphOptions(UNFUSED).build());
  }

  /**
   * Has so many threads compute an operation together; as it stands, one does, and parallelism
   * comes from task slots. With more, an image that is alone is done sooner, and a process whose
   * slots are all busy does somewhat less. The threads are made for the first session of the
   * process and serve all its slots and jobs: a number that comes later has no effect but a
   * warning.
   */
  public static synchronized void useIntraOpThreads(int threads) {
    intraOpThreads = threads;
  }

  private static synchronized ConfigProto.Builder config() {
    String wanted = String.valueOf(intraOpThreads);
    String made =
        System.getProperties().putIfAbsent(POOL, wanted) instanceof String had ? had : wanted;
    if (!made.equals(wanted)) {
      LOG.warn(
          "{} threads are to compute an operation, but the first model of this process had {}, and so it stays",
          wanted,
          made);
      intraOpThreads = Integer.parseInt(made);
    }
    return ConfigProto.newBuilder()
        .setIntraOpParallelismThreads(intraOpThreads)
        .setInterOpParallelismThreads(-1)
        .setExperimental(ConfigProto.Experimental.newBuilder().setDisableThreadSpinning(true));
  }

  /**
   * A graph of that definition, owned and closed by the caller.
   *
   * @throws TensorFlowFailure if TensorFlow does not take it
   */
  public static Graph newGraph(GraphDef definition) throws TensorFlowFailure {
    Graph graph = new Graph();
    try {
      run(
          () -> {
            graph.importGraphDef(definition);
            return null;
          });
    } catch (TensorFlowFailure e) {
      graph.close();
      throw e;
    }
    return graph;
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
