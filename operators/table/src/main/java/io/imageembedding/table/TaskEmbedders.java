// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.flink.EmbedMetrics;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.MetricGroup;

/**
 * The models of functions, one for each task however often its statement calls them. The last
 * function that is closed gives it back. Functions of a task are opened, called and closed by its
 * own thread.
 */
final class TaskEmbedders {

  private record Key(Thread task, Provenance running, EmbedSettings settings) {}

  private static final Map<Key, Shared> OPEN = new ConcurrentHashMap<>();

  private TaskEmbedders() {}

  /** A model's share, to be closed. */
  static final class Lease implements AutoCloseable {
    private final Shared shared;
    private boolean closed;

    private Lease(Shared shared) {
      this.shared = shared;
    }

    ImageEmbedder embedder() {
      return shared.embedder;
    }

    EmbedMetrics metrics() {
      return shared.metrics;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        shared.release();
      }
    }
  }

  private static final class Shared {
    private final Key key;
    private final ImageEmbedder embedder;
    private final EmbedMetrics metrics;
    private int leases = 1;

    private Shared(Key key, ImageEmbedder embedder, EmbedMetrics metrics) {
      this.key = key;
      this.embedder = embedder;
      this.metrics = metrics;
    }

    private void release() {
      if (--leases == 0) {
        OPEN.remove(key);
        embedder.close();
      }
    }

    private void join() {
      leases++;
    }
  }

  /**
   * The model of the calling task.
   *
   * @throws io.imageembedding.model.ModelException if it cannot be used
   */
  static Lease lease(EmbeddingPlan plan, MetricGroup group) {
    Key key = new Key(Thread.currentThread(), plan.provenance(), plan.settings());
    Shared before = OPEN.get(key);
    if (before != null) {
      before.join();
      return new Lease(before);
    }
    EmbedMetrics metrics = new EmbedMetrics(group, List.of());
    ImageEmbedder embedder = plan.open(metrics);
    try {
      metrics.running(embedder.provenance(), embedder::inBackground);
      Shared shared = new Shared(key, embedder, metrics);
      OPEN.put(key, shared);
      return new Lease(shared);
    } catch (Throwable e) {
      embedder.close();
      throw e;
    }
  }
}
