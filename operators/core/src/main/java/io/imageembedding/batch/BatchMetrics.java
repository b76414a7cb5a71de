// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import java.util.function.LongSupplier;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * Metrics of what waits for its micro-batch to be closed or answered, in the group {@value #GROUP}
 * of each subtask.
 */
@PublicEvolving
public final class BatchMetrics {

  /** Group that all the others are in. */
  public static final String GROUP = "microBatch";

  /** Counter: microseconds that elements waited until their batches were closed, in sum. */
  public static final String QUEUE_SUM = "queueMicros";

  /** Gauge: elements that wait. */
  public static final String ELEMENTS_WAITING = "elementsWaiting";

  /** Gauge: their bytes, as far as they are known. */
  public static final String BYTES_WAITING = "bytesWaiting";

  /** Gauge: bytes of elements that wait, or whose batch is worked on in the same task. */
  public static final String BYTES_IN_FLIGHT = "bytesInFlight";

  /** Gauge: milliseconds that the first of them waits; 0 if there is none. */
  public static final String QUEUE_AGE = "queueAgeMillis";

  private final LongSupplier nanos;
  private final Counter queueSum;
  private long firstNanos;
  private long sinceFirstNanos;

  // Read by the threads of reporters.
  private volatile int waiting;
  private volatile long bytes;
  private volatile long inFlight;
  private volatile long oldestNanos;

  BatchMetrics(MetricGroup parent) {
    this(parent, System::nanoTime);
  }

  BatchMetrics(MetricGroup parent, LongSupplier nanos) {
    this.nanos = nanos;
    MetricGroup group = parent.addGroup(GROUP);
    queueSum = group.counter(QUEUE_SUM);
    group.gauge(ELEMENTS_WAITING, () -> waiting);
    group.gauge(BYTES_WAITING, () -> bytes);
    group.gauge(BYTES_IN_FLIGHT, () -> inFlight);
    group.gauge(QUEUE_AGE, this::ageMillis);
  }

  private long ageMillis() {
    // In this order: whoever sees an element waiting sees since when, not since when one did
    // before.
    int seen = waiting;
    long oldest = oldestNanos;
    return seen == 0 ? 0 : Math.max(0, nanos.getAsLong() - oldest) / 1_000_000;
  }

  void added(int elements, long allBytes) {
    long now = nanos.getAsLong();
    if (elements == 1) {
      firstNanos = now;
      sinceFirstNanos = 0;
      oldestNanos = now;
    }
    sinceFirstNanos += now - firstNanos;
    bytes = allBytes;
    inFlight = allBytes;
    waiting = elements;
  }

  void closed() {
    long waited = waiting * (nanos.getAsLong() - firstNanos) - sinceFirstNanos;
    queueSum.inc(waited / 1000);
    waiting = 0;
    bytes = 0;
  }

  /** The batch that was closed last is out of hand. */
  void answered() {
    inFlight = 0;
  }
}
