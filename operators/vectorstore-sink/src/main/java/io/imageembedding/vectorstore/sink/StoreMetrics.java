// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RefusedChange.Reason;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.apache.flink.traces.Span;

/**
 * Metrics of a writer, in the group {@value #GROUP} of each subtask. Histograms hold the last
 * {@value #WINDOW} values.
 */
@PublicEvolving
public final class StoreMetrics {

  /** Group that all the others are in. */
  public static final String GROUP = "vectorStore";

  /** Counter: changes that are in the store now. */
  public static final String WRITTEN = "changesWritten";

  /** Counter: changes that the store had already, or had newer. */
  public static final String STALE = "changesStale";

  /**
   * Counter: changes that no store takes; one for each reason, in a group {@code reason}, all from
   * the start.
   */
  public static final String REFUSED = "changesRefused";

  /** Gauge: how often something failed and was tried again. */
  public static final String RETRIES = "retries";

  /** Gauge: changes that are not written yet. */
  public static final String PENDING = "changesPending";

  /** Histogram: changes in a batch. */
  public static final String BATCH_SIZE = "batchSize";

  /** Histogram: milliseconds until a batch was written, with all retries. */
  public static final String WRITE_TIME = "writeTimeMillis";

  /** Histogram: milliseconds until what was written was durable, at each checkpoint. */
  public static final String COMMIT_TIME = "commitTimeMillis";

  /** Counter: microseconds of {@link #WRITE_TIME} and {@link #COMMIT_TIME}, in sum. */
  public static final String STORE_SUM = "storeMicros";

  /** Span: a subtask opens its store; its attribute {@code storeKind} is the address's scheme. */
  public static final String STORE_OPEN = "StoreOpen";

  private static final int WINDOW = 1000;

  private final MetricGroup group;
  private final Counter written;
  private final Counter stale;
  private final Map<Reason, Counter> refused = new EnumMap<>(Reason.class);
  private final AtomicLong retries = new AtomicLong();
  private final Histogram batchSize;
  private final Histogram writeTime;
  private final Histogram commitTime;
  private final Counter storeSum;

  StoreMetrics(MetricGroup parent, Gauge<Integer> pending) {
    group = parent.addGroup(GROUP);
    written = group.counter(WRITTEN);
    stale = group.counter(STALE);
    batchSize = histogram(BATCH_SIZE);
    writeTime = histogram(WRITE_TIME);
    commitTime = histogram(COMMIT_TIME);
    storeSum = group.counter(STORE_SUM);
    for (Reason reason : Reason.values()) {
      refused.put(reason, group.addGroup("reason", reason.name()).counter(REFUSED));
    }
    group.gauge(RETRIES, retries::get);
    group.gauge(PENDING, pending);
  }

  private Histogram histogram(String name) {
    return group.histogram(name, new DescriptiveStatisticsHistogram(WINDOW));
  }

  /** Opens the store. */
  VectorStore open(StoreTarget target, int subtask) {
    long startMillis = System.currentTimeMillis();
    long start = System.nanoTime();
    VectorStore store = target.open(subtask, this::retried);
    group.addSpan(
        Span.builder(VectorStore.class, STORE_OPEN)
            .setStartTsMillis(startMillis)
            .setEndTsMillis(startMillis + (System.nanoTime() - start) / 1_000_000)
            .setAttribute("storeKind", target.address().scheme()));
    return store;
  }

  /** May be called by any thread. */
  private void retried() {
    retries.incrementAndGet();
  }

  void batch(int size, WriteResult result, long nanos) {
    batchSize.update(size);
    writeTime.update(nanos / 1_000_000);
    storeSum.inc(nanos / 1000);
    written.inc(result.written());
    stale.inc(result.stale());
    result.refused().forEach(this::refused);
  }

  void refused(RefusedChange change) {
    refused.get(change.reason()).inc();
  }

  void committed(long nanos) {
    commitTime.update(nanos / 1_000_000);
    storeSum.inc(nanos / 1000);
  }
}
