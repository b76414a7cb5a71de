// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.EmbedListener;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * Metrics of the operator, in the group {@value #GROUP} of each subtask. Histograms hold the last
 * {@value #WINDOW} values.
 */
@PublicEvolving
public final class EmbedMetrics implements EmbedListener {

  /** Group that all the others are in. */
  public static final String GROUP = "imageEmbedding";

  /** Counter: elements that came in. */
  public static final String IMAGES_IN = "imagesIn";

  /** Counter: elements answered with a vector. */
  public static final String IMAGES_OUT = "imagesOut";

  /** Counter: elements answered with a refusal; one for each code, in a group {@code code}. */
  public static final String IMAGES_REFUSED = "imagesRefused";

  /** Counter: batches; one for each reason why they were closed, in a group {@code reason}. */
  public static final String BATCHES = "batches";

  /** Histogram: elements in a batch. */
  public static final String BATCH_SIZE = "batchSize";

  /** Histogram: microseconds from an encoded image to its place in the input tensor. */
  public static final String DECODE_TIME = "decodeTimeMicros";

  /** Histogram: microseconds that one run of the model took, whatever the size of the batch. */
  public static final String INFER_TIME = "inferTimeMicros";

  /** Gauge: milliseconds that loading and warming the model took. */
  public static final String MODEL_LOAD_TIME = "modelLoadTimeMillis";

  /** Counter: images whose answer was known, if there is a cache. */
  public static final String CACHE_HITS = "cacheHits";

  /** Counter: images whose answer was not known, if there is a cache. */
  public static final String CACHE_MISSES = "cacheMisses";

  /** Counter: images that ran alone, because a process had died in the middle of their batch. */
  public static final String FENCE_ALONE = "imagesRunAlone";

  /** Counter: images that were refused because processes died with them. */
  public static final String FENCE_CONVICTED = "imagesConvicted";

  private static final int WINDOW = 1000;

  private final MetricGroup group;
  private final Counter imagesIn;
  private final Counter imagesOut;
  private final Map<String, Counter> imagesRefused = new HashMap<>();
  private final Map<FlushReason, Counter> batches = new HashMap<>();
  private final Histogram batchSize;
  private final Histogram decodeTime;
  private final Histogram inferTime;
  private final Counter cacheHits;
  private final Counter cacheMisses;
  private final Counter fenceAlone;
  private final Counter fenceConvicted;
  private volatile long modelLoadMillis;

  EmbedMetrics(MetricGroup parent) {
    group = parent.addGroup(GROUP);
    imagesIn = group.counter(IMAGES_IN);
    imagesOut = group.counter(IMAGES_OUT);
    cacheHits = group.counter(CACHE_HITS);
    cacheMisses = group.counter(CACHE_MISSES);
    fenceAlone = group.counter(FENCE_ALONE);
    fenceConvicted = group.counter(FENCE_CONVICTED);
    batchSize = histogram(BATCH_SIZE);
    decodeTime = histogram(DECODE_TIME);
    inferTime = histogram(INFER_TIME);
    group.gauge(MODEL_LOAD_TIME, () -> modelLoadMillis);
  }

  private Histogram histogram(String name) {
    return group.histogram(name, new DescriptiveStatisticsHistogram(WINDOW));
  }

  void batch(int size, FlushReason reason) {
    imagesIn.inc(size);
    batchSize.update(size);
    batches.computeIfAbsent(reason, r -> group.addGroup("reason", r.name()).counter(BATCHES)).inc();
  }

  @Override
  public void answered(Outcome outcome) {
    if (outcome instanceof Refusal refusal) {
      imagesRefused
          .computeIfAbsent(
              refusal.code(), code -> group.addGroup("code", code).counter(IMAGES_REFUSED))
          .inc();
    } else {
      imagesOut.inc();
    }
  }

  @Override
  public void lookedUp(boolean known) {
    (known ? cacheHits : cacheMisses).inc();
  }

  void ranAlone() {
    fenceAlone.inc();
  }

  void convicted() {
    fenceConvicted.inc();
  }

  @Override
  public void decoded(long nanos) {
    decodeTime.update(nanos / 1000);
  }

  @Override
  public void inferred(long nanos) {
    inferTime.update(nanos / 1000);
  }

  @Override
  public void modelLoaded(long nanos) {
    modelLoadMillis = nanos / 1_000_000;
  }
}
