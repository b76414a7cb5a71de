// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.model.UnsupportedPrecisionException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers every element of a batch, in order, with an embedding or a refusal. Holds one model for
 * each parallel instance, loaded and warmed in {@link #open} and given back in {@link #close}.
 *
 * <p>Fails the task only if the model cannot be loaded, is another than the job was built with, or
 * no longer runs at all, or if a {@link RefusalGuard} says so. An image that ends the process is
 * found by a {@link CrashFence} where elements have places. Its only state is the arithmetic that
 * the model runs in: where that was left to a measurement, a job that is restored with the same
 * model keeps the one it had, on whatever processor it goes on. Its state is broadcast state, so
 * checkpoints go on when some subtasks have finished.
 *
 * @param <T> the element
 */
@PublicEvolving
public final class EmbedFunction<T> extends RichMapFunction<MicroBatch<T>, MicroBatch<Embedded<T>>>
    implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(EmbedFunction.class);

  private final ImageExtractor<T> extractor;
  private final ModelSource model;
  private final ModelDescriptor built;
  private final EmbedSettings settings;
  private final RefusalGuard guard;
  private final String fenceDir;

  private transient EmbedMetrics metrics;
  private transient ImageEmbedder embedder;
  private transient RunningModel remembered;
  private transient RefusalWindow window;
  private transient CrashFence fence;

  /**
   * @param extractor finds the encoded image in an element; one that makes it fail is refused
   * @param model loaded once for each parallel instance
   * @param built what the model was when the job was built: its content must be the same, and its
   *     precision is the one that a measurement chose; null for any
   */
  public EmbedFunction(
      ImageExtractor<T> extractor,
      ModelSource model,
      @Nullable ModelDescriptor built,
      EmbedSettings settings) {
    this(
        new GuardedExtractor<>(checkNotNull(extractor, "extractor")),
        model,
        built,
        settings,
        null,
        FenceOptions.NONE);
  }

  /**
   * One that is guarded and fenced.
   *
   * @param guard fails the job when too many images are refused; null for none
   * @param fenceDir folder of the crash fence, as {@link FenceOptions#dir} gives it
   */
  EmbedFunction(
      ImageExtractor<T> extractor,
      ModelSource model,
      @Nullable ModelDescriptor built,
      EmbedSettings settings,
      @Nullable RefusalGuard guard,
      @Nullable String fenceDir) {
    this.guard = guard;
    this.fenceDir = fenceDir;
    this.extractor = checkNotNull(extractor, "extractor");
    this.model = checkNotNull(model, "model");
    this.built = built;
    this.settings = checkNotNull(settings, "settings");
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    remembered = new RunningModel(context.getOperatorStateStore());
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    remembered.keep(embedder.provenance());
  }

  @Override
  public void open(OpenContext context) throws IOException {
    getRuntimeContext()
        .registerUserCodeClassLoaderReleaseHookIfAbsent(
            RecordMethods.class.getName(), RecordMethods::forget);
    metrics = new EmbedMetrics(getRuntimeContext().getMetricGroup(), extractor.refusalCodes());
    extractor.open();
    window = guard == null ? null : new RefusalWindow(guard);
    embedder = load();
    String found = embedder.provenance().sha256();
    if (built != null && !built.sha256().equals(found)) {
      throw new ModelException(
          "model "
              + model
              + " has content "
              + found
              + " here, but the job was built with "
              + built.sha256()
              + "; every machine must have the same model");
    }
    metrics.running(embedder.provenance(), embedder::inBackground);
    fence = fence().orElse(null);
  }

  private Optional<CrashFence> fence() throws IOException {
    Optional<CrashNotes> notes = FenceFolder.notes(fenceDir, getRuntimeContext());
    if (notes.isEmpty()) {
      return Optional.empty();
    }
    int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    return Optional.of(
        CrashFence.open(
            notes.get(), subtask, settings.batchSize(), embedder::inBackground, metrics));
  }

  private ImageEmbedder load() {
    Precision precision = precision();
    try {
      return new ImageEmbedder(model.in(precision), settings, metrics);
    } catch (UnsupportedPrecisionException e) {
      if (model.precision() != Precision.AUTO) {
        throw e;
      }
      throw new NoRestartException(
          e.getMessage()
              + "; the job ran in "
              + precision.key()
              + " before, as was measured then; with "
              + EmbedOptions.MODEL_PRECISION.key()
              + ": "
              + Precision.FP32.key()
              + " it goes on, with vectors of another space",
          e);
    }
  }

  /** What was chosen before the job was restored, else when it was built. */
  private Precision precision() {
    boolean another = built != null && remembered.wasAnother(built.sha256());
    String before = another ? null : remembered.precision().orElse(null);
    String chosen = before != null || built == null ? before : built.precision();
    if (model.precision() == Precision.AUTO) {
      return chosen == null ? Precision.AUTO : Precision.of(chosen);
    }
    if (before != null && !before.equals(model.precision().key())) {
      LOG.warn(
          "the job ran in {} and goes on in {}: its vectors are of another space from here on",
          before,
          model.precision().key());
    }
    return model.precision();
  }

  @Override
  public MicroBatch<Embedded<T>> map(MicroBatch<T> batch) throws IOException {
    metrics.batch(batch.size(), batch.flushReason());
    List<T> elements = batch.elements();
    List<T> read = new ArrayList<>(elements);
    List<Outcome> outcomes =
        fence == null
            ? embedded(read, 0, read.size())
            : fence.embed(places(elements), (from, to) -> embedded(read, from, to));
    if (window != null) {
      outcomes.forEach(window::answered);
    }
    List<Embedded<T>> answers = new ArrayList<>(elements.size());
    for (int i = 0; i < elements.size(); i++) {
      answers.add(new Embedded<>(read.get(i), outcomes.get(i)));
    }
    return batch.withElements(answers);
  }

  /** Puts in place of each element the one that knows what was read of it. */
  private List<Outcome> embedded(List<T> elements, int from, int to) throws IOException {
    return embedder.embed(to - from, i -> image(elements, from + i));
  }

  private byte[] image(List<T> elements, int index) throws ElementRefusedException, IOException {
    T element = elements.get(index);
    try {
      return extractor.image(element);
    } finally {
      elements.set(index, extractor.read(element));
    }
  }

  private List<String> places(List<T> elements) {
    List<String> places = new ArrayList<>(elements.size());
    for (T element : elements) {
      places.add(extractor.place(element));
    }
    return places;
  }

  @Override
  public void close() {
    if (fence != null) {
      fence.close();
      fence = null;
    }
    if (embedder != null) {
      embedder.close();
      embedder = null;
    }
  }
}
