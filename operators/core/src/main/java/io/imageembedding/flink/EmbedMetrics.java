// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.EmbedListener;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.UndecodableImageException;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
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

  /**
   * Counter: elements answered with a refusal; one for each code, in a group {@code code}, those of
   * codes that are known from the start.
   */
  public static final String IMAGES_REFUSED = "imagesRefused";

  /**
   * Counter: the same elements by the stage that refused them; one for each, in a group {@code
   * stage}.
   */
  public static final String REFUSED_IN_STAGE = "imagesRefusedInStage";

  /**
   * Counter: batches; one for each reason why they were closed, in a group {@code reason}, all from
   * the start.
   */
  public static final String BATCHES = "batches";

  /** Histogram: elements in a batch. */
  public static final String BATCH_SIZE = "batchSize";

  /** Histogram: microseconds from an encoded image to its place in the input tensor. */
  public static final String DECODE_TIME = "decodeTimeMicros";

  /** Histogram: microseconds that one run of the model took, whatever the size of the batch. */
  public static final String INFER_TIME = "inferTimeMicros";

  /** Counter: the sum of {@link #DECODE_TIME} of all images. */
  public static final String DECODE_SUM = "decodeMicros";

  /** Counter: the sum of {@link #INFER_TIME} of all runs. */
  public static final String INFER_SUM = "inferMicros";

  /** Counter: images that were given up, because decoding them took longer than is allowed. */
  public static final String OVER_TIME = "imagesOverTime";

  /** Gauge: images that were given up, and whose decoders are still busy. */
  public static final String DECODERS_STUCK = "decodersStuck";

  /**
   * Gauge: 1; says what runs by the groups that it is in: {@code model}, {@code sha256}, {@code
   * precision} and {@code vectorSpace}.
   */
  public static final String MODEL_INFO = "modelInfo";

  /** Gauge: milliseconds that loading and warming the model took. */
  public static final String MODEL_LOAD_TIME = "modelLoadTimeMillis";

  /** Counter: images whose answer was known, if there is a cache. */
  public static final String CACHE_HITS = "cacheHits";

  /** Counter: images whose answer was not known, if there is a cache. */
  public static final String CACHE_MISSES = "cacheMisses";

  /** Gauge: answers that the cache holds; 0 without one. */
  public static final String CACHE_ENTRIES = "cacheEntries";

  /** Gauge: bytes of heap that they take, as estimated. */
  public static final String CACHE_BYTES = "cacheBytes";

  /** Counter: images that ran alone, because a process had died in the middle of their batch. */
  public static final String FENCE_ALONE = "imagesRunAlone";

  /** Counter: images that were refused because processes died with them. */
  public static final String FENCE_CONVICTED = "imagesConvicted";

  private static final int WINDOW = 1000;

  private final MetricGroup group;
  private final Counter imagesIn;
  private final Counter imagesOut;
  private final Map<String, Counter> refusedByCode = new HashMap<>();
  private final Map<Refusal.Stage, Counter> refusedByStage = new EnumMap<>(Refusal.Stage.class);
  private final Map<FlushReason, Counter> batches = new EnumMap<>(FlushReason.class);
  private final Histogram batchSize;
  private final Histogram decodeTime;
  private final Histogram inferTime;
  private final Counter decodeSum;
  private final Counter inferSum;
  private final Counter cacheHits;
  private final Counter cacheMisses;
  private final Counter overTime;
  private final Counter fenceAlone;
  private final Counter fenceConvicted;
  private LoadTimes loaded;

  // Read by the threads of reporters.
  private volatile long modelLoadMillis;
  private volatile int cacheEntries;
  private volatile long cacheBytes;

  /**
   * @param codes of the refusals that the extractor gives
   */
  @Internal
  public EmbedMetrics(MetricGroup parent, Collection<String> codes) {
    group = parent.addGroup(GROUP);
    imagesIn = group.counter(IMAGES_IN);
    imagesOut = group.counter(IMAGES_OUT);
    cacheHits = group.counter(CACHE_HITS);
    cacheMisses = group.counter(CACHE_MISSES);
    group.gauge(CACHE_ENTRIES, () -> cacheEntries);
    group.gauge(CACHE_BYTES, () -> cacheBytes);
    overTime = group.counter(OVER_TIME);
    fenceAlone = group.counter(FENCE_ALONE);
    fenceConvicted = group.counter(FENCE_CONVICTED);
    batchSize = histogram(BATCH_SIZE);
    decodeTime = histogram(DECODE_TIME);
    inferTime = histogram(INFER_TIME);
    decodeSum = group.counter(DECODE_SUM);
    inferSum = group.counter(INFER_SUM);
    group.gauge(MODEL_LOAD_TIME, () -> modelLoadMillis);
    for (FlushReason reason : FlushReason.values()) {
      batches.put(reason, group.addGroup("reason", reason.name()).counter(BATCHES));
    }
    for (Refusal.Stage stage : Refusal.Stage.values()) {
      refusedByStage.put(stage, group.addGroup("stage", stage.name()).counter(REFUSED_IN_STAGE));
    }
    Stream.concat(codes.stream(), ownCodes()).forEach(this::refused);
  }

  /** Codes of the stages after the extractor. */
  private static Stream<String> ownCodes() {
    return Stream.concat(
        Stream.of(UndecodableImageException.Fault.values()).map(Enum::name),
        Stream.of(Refusal.CRASHED, Refusal.MODEL_FAILED, Refusal.WRONG_LENGTH, Refusal.NOT_FINITE));
  }

  private Counter refused(String code) {
    return refusedByCode.computeIfAbsent(
        code, each -> group.addGroup("code", each).counter(IMAGES_REFUSED));
  }

  /** What is embedded with from now on, and was loaded for it. */
  @Internal
  public void running(Provenance provenance, Gauge<Integer> decodersStuck) {
    if (loaded != null) {
      group.addSpan(EmbedSpans.modelLoad(loaded, provenance));
    }
    group.gauge(DECODERS_STUCK, decodersStuck);
    group
        .addGroup("model", provenance.model())
        .addGroup("sha256", provenance.sha256())
        .addGroup("precision", provenance.precision())
        .addGroup("vectorSpace", provenance.vectorSpace())
        .gauge(MODEL_INFO, () -> 1);
  }

  private Histogram histogram(String name) {
    return group.histogram(name, new DescriptiveStatisticsHistogram(WINDOW));
  }

  /** A batch of so many is embedded now. */
  @Internal
  public void batch(int size, FlushReason reason) {
    imagesIn.inc(size);
    batchSize.update(size);
    batches.get(reason).inc();
  }

  @Override
  public void answered(Outcome outcome) {
    if (outcome instanceof Refusal refusal) {
      refused(refusal.code()).inc();
      refusedByStage.get(refusal.stage()).inc();
    } else {
      imagesOut.inc();
    }
  }

  @Override
  public void lookedUp(boolean known) {
    (known ? cacheHits : cacheMisses).inc();
  }

  @Override
  public void cached(int entries, long bytes) {
    cacheEntries = entries;
    cacheBytes = bytes;
  }

  @Override
  public void gaveUp() {
    overTime.inc();
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
    decodeSum.inc(nanos / 1000);
  }

  @Override
  public void inferred(long nanos) {
    inferTime.update(nanos / 1000);
    inferSum.inc(nanos / 1000);
  }

  @Override
  public void modelLoaded(long startMillis, long readNanos, long provenNanos, long warmNanos) {
    loaded = new LoadTimes(startMillis, readNanos, provenNanos, warmNanos);
    modelLoadMillis = warmNanos / 1_000_000;
  }
}
