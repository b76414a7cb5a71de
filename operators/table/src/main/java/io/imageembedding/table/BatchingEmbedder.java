// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.batch.AdaptiveCount;
import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.flink.EmbedMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers images that are given one by one into batches, and embeds them in a thread of its own,
 * which owns the model. A batch is closed by count, bytes or age; with a latency budget, as soon as
 * no further image is at hand. Who gives an image never waits; every image is answered, by that
 * thread, until this is closed.
 */
final class BatchingEmbedder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchingEmbedder.class);

  /** Native code cannot be interrupted; the thread gives the model back when it is done with it. */
  private static final long CLOSING_SECONDS = 10;

  /**
   * Something to be answered.
   *
   * @param image null where the answer is known already
   * @param known the answer, or null
   */
  private record Request(
      byte @Nullable [] image,
      @Nullable Outcome known,
      long arrivedNanos,
      Consumer<Outcome> answer,
      Consumer<Throwable> failure) {

    long bytes() {
      return image == null ? 0 : image.length;
    }

    void fail(Throwable cause) {
      if (known == null) {
        failure.accept(cause);
      } else {
        answer.accept(known);
      }
    }
  }

  private final ImageEmbedder embedder;
  private final Provenance provenance;
  private final BatchPolicy policy;
  private final EmbedMetrics metrics;
  private final @Nullable AdaptiveCount adaptive;
  private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;

  // Of the thread alone.
  private @Nullable Request left;
  private FlushReason reason = FlushReason.COUNT;

  private BatchingEmbedder(
      ImageEmbedder embedder, BatchPolicy policy, EmbedMetrics metrics, String threadName) {
    this.embedder = embedder;
    this.policy = policy;
    this.metrics = metrics;
    provenance = embedder.provenance();
    adaptive =
        policy.latencyBudget() == null
            ? null
            : new AdaptiveCount(policy.maxCount(), policy.latencyBudget().toNanos());
    thread = new Thread(this::run, threadName);
    thread.setDaemon(true);
  }

  /**
   * Loads the model, and starts the thread that it belongs to from then on.
   *
   * @throws io.imageembedding.model.ModelException if the model cannot be used
   */
  static BatchingEmbedder start(EmbeddingPlan plan, EmbedMetrics metrics, String threadName) {
    ImageEmbedder embedder = plan.open(metrics);
    try {
      metrics.running(embedder.provenance(), embedder::inBackground);
      BatchingEmbedder started =
          new BatchingEmbedder(embedder, plan.batches(), metrics, threadName);
      started.thread.start();
      return started;
    } catch (Throwable e) {
      embedder.close();
      throw e;
    }
  }

  /** What makes the vectors. */
  Provenance provenance() {
    return provenance;
  }

  /**
   * Has an image embedded. One of the two is called, once, by another thread.
   *
   * @param failure takes why no image can be embedded any more
   */
  void embed(byte[] image, Consumer<Outcome> answer, Consumer<Throwable> failure) {
    requests.add(new Request(image, null, System.nanoTime(), answer, failure));
  }

  /** Has an answer that is known already counted with all others. */
  void answer(Outcome known, Consumer<Outcome> answer) {
    requests.add(new Request(null, known, System.nanoTime(), answer, e -> {}));
  }

  private void run() {
    try {
      while (!closed) {
        List<Request> batch = gather();
        long start = System.nanoTime();
        answer(batch);
        if (adaptive != null) {
          adaptive.took(batch.size(), System.nanoTime() - start);
        }
      }
    } catch (InterruptedException e) {
      // Closed: nobody waits for an answer.
    } catch (Throwable e) {
      if (!closed) {
        failFromNowOn(e);
      }
    } finally {
      embedder.close();
    }
  }

  private List<Request> gather() throws InterruptedException {
    Request first = left == null ? requests.take() : left;
    left = null;
    int count = adaptive == null ? policy.maxCount() : adaptive.limit();
    long end = first.arrivedNanos + policy.maxAge().toNanos();
    List<Request> batch = new ArrayList<>(count);
    batch.add(first);
    long bytes = first.bytes();
    while (batch.size() < count) {
      Request next =
          adaptive == null
              ? requests.poll(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)
              : requests.poll();
      if (next == null) {
        reason = adaptive == null ? FlushReason.AGE : FlushReason.LATENCY;
        return batch;
      }
      if (bytes + next.bytes() > policy.maxBytes()) {
        left = next;
        reason = FlushReason.BYTES;
        return batch;
      }
      batch.add(next);
      bytes += next.bytes();
    }
    reason = adaptive == null ? FlushReason.COUNT : FlushReason.LATENCY;
    return batch;
  }

  private void answer(List<Request> batch) throws IOException {
    metrics.batch(batch.size(), reason);
    List<Request> images = batch.stream().filter(request -> request.image() != null).toList();
    List<Outcome> outcomes;
    try {
      outcomes = embedder.embed(images.size(), i -> images.get(i).image());
    } catch (Throwable e) {
      if (!closed) {
        batch.forEach(request -> request.fail(e));
      }
      throw e;
    }
    int next = 0;
    for (Request request : batch) {
      Outcome outcome = request.known();
      if (outcome == null) {
        outcome = outcomes.get(next++);
      } else {
        metrics.answered(outcome);
      }
      if (!closed) {
        request.answer().accept(outcome);
      }
    }
  }

  /** The first answer that is read fails the query; until it is closed, all others do as well. */
  private void failFromNowOn(Throwable cause) {
    LOG.warn("No image can be embedded any more: {}", cause.toString());
    try {
      if (left != null) {
        left.fail(cause);
      }
      while (!closed) {
        requests.take().fail(cause);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(CLOSING_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      LOG.warn(
          "{} is still busy with an image, and gives its model back after it", thread.getName());
    }
  }
}
