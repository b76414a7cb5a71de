// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.apache.flink.util.Preconditions.checkArgument;
import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.batch.MicroBatch;
import io.imageembedding.batch.MicroBatches;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.jspecify.annotations.Nullable;

/**
 * Embeds the images of any stream: every element comes out once, in the order of its input subtask
 * unless it is {@link #unordered}, with its own timestamp and an embedding or a refusal.
 *
 * <pre>{@code
 * DataStream<Embedded<byte[]>> embedded =
 *     ImageEmbedding.of((byte[] file) -> file)
 *         .model(ModelSource.parse("builtin"))
 *         .batches(BatchPolicy.DEFAULT)
 *         .embed(files);
 * }</pre>
 *
 * <p>Micro-batching, the model and the way back are chained in one task; there is one model in each
 * parallel instance. It holds no element when a checkpoint is taken, so it takes part in any
 * guarantee that source and sink give; all its state is the arithmetic that was chosen for the
 * model.
 *
 * @param <T> the element
 */
@PublicEvolving
public final class ImageEmbedding<T> {
  private final ImageExtractor<T> extractor;
  private ModelSource model = ModelSource.parse("builtin");
  private BatchPolicy policy = BatchPolicy.DEFAULT;
  private DecodeLimits limits = DecodeLimits.DEFAULT;
  private Preprocessing preprocessing = Preprocessing.REFERENCE;
  private int topK = EmbedSettings.DEFAULT_TOP_K;
  private long cacheBytes;
  private RefusalGuard guard;
  private String fenceDir;
  private boolean failingOnExtractorException;
  private String uidPrefix = "image-embedding";
  private int parallelism;
  private boolean unordered;
  private ModelDescriptor descriptor;

  private ImageEmbedding(ImageExtractor<T> extractor) {
    this.extractor = checkNotNull(extractor, "extractor");
  }

  /** An embedding by the built-in model with all defaults. */
  public static <T> ImageEmbedding<T> of(ImageExtractor<T> extractor) {
    return new ImageEmbedding<>(extractor);
  }

  /**
   * Takes model, batches, limits, preprocessing and scores from {@link EmbedOptions}, the guard
   * from {@link GuardOptions}, and the crash fence from {@link FenceOptions}.
   */
  public ImageEmbedding<T> options(ReadableConfig config) {
    return model(EmbedOptions.model(config))
        .batches(EmbedOptions.batchPolicy(config))
        .limits(EmbedOptions.decodeLimits(config))
        .preprocessing(EmbedOptions.preprocessing(config))
        .topK(EmbedOptions.topK(config))
        .cache(EmbedOptions.cacheBytes(config))
        .unordered(EmbedOptions.isUnordered(config))
        .guard(GuardOptions.guard(config).orElse(null))
        .crashFence(FenceOptions.dir(config));
  }

  /** The model; default: the built-in one. */
  public ImageEmbedding<T> model(ModelSource source) {
    model = checkNotNull(source, "source");
    descriptor = null;
    return this;
  }

  /** When a micro-batch is closed; default {@link BatchPolicy#DEFAULT}. */
  public ImageEmbedding<T> batches(BatchPolicy batchPolicy) {
    policy = checkNotNull(batchPolicy, "batchPolicy");
    return this;
  }

  /** What an image may declare; default {@link DecodeLimits#DEFAULT}. */
  public ImageEmbedding<T> limits(DecodeLimits decodeLimits) {
    limits = checkNotNull(decodeLimits, "decodeLimits");
    return this;
  }

  /** The way to the model's input; default {@link Preprocessing#REFERENCE}. */
  public ImageEmbedding<T> preprocessing(Preprocessing way) {
    preprocessing = checkNotNull(way, "way");
    return this;
  }

  /** Most classes that an embedding by a classifier has scores of, best first; default 5. */
  public ImageEmbedding<T> topK(int most) {
    checkArgument(most >= 1, "topK is %s; needed: at least 1", most);
    topK = most;
    return this;
  }

  /**
   * Heap of each parallel instance for answers to images that came before, known by their bytes;
   * default 0, no cache.
   */
  public ImageEmbedding<T> cache(long bytes) {
    checkArgument(bytes >= 0, "bytes is %s; needed: at least 0", bytes);
    cacheBytes = bytes;
    return this;
  }

  /** Fails the job when too many images are refused; default null, for any number. */
  public ImageEmbedding<T> guard(@Nullable RefusalGuard refusalGuard) {
    guard = refusalGuard;
    return this;
  }

  /**
   * Fails the task, and by Flink's rules the job, with an exception that the extractor throws; by
   * default the element that it was thrown for is refused as {@link Refusal#EXTRACTOR_FAILED}, as
   * {@link ImageExtractor#image} says.
   */
  public ImageEmbedding<T> failOnExtractorException() {
    failingOnExtractorException = true;
    return this;
  }

  /**
   * Where tasks note which images they are at, by {@link ImageExtractor#place}, so that one that
   * ends the process does so twice at most and is then refused as {@link Refusal#CRASHED}.
   *
   * @param folder that outlives a TaskManager's process, {@link FenceOptions#NONE} for no fence, or
   *     null (the default) for one in Flink's first folder for temporary files
   */
  public ImageEmbedding<T> crashFence(@Nullable String folder) {
    fenceDir = folder;
    return this;
  }

  /**
   * What the operators' uids begin with, by which a savepoint knows them; has to be set only where
   * a job embeds more than one stream. Default {@code image-embedding}.
   */
  public ImageEmbedding<T> uidPrefix(String prefix) {
    uidPrefix = checkNotNull(prefix, "prefix");
    return this;
  }

  /**
   * How many parallel instances there are; default: as many as the input stream has. With another
   * number, Flink spreads the elements and only their order within one instance is kept; {@link
   * #unordered} spreads them better.
   */
  public ImageEmbedding<T> parallelism(int instances) {
    parallelism = instances;
    return this;
  }

  /**
   * Whether elements are spread over all parallel instances, whichever of the stream's subtasks
   * they came from: each goes to the instance that has the least waiting for it. So instances
   * beyond the partitions of a source have something to do, and a slow one does not hold back what
   * others could embed; the order of elements is given up, everything else is as before, and a
   * savepoint of either is gone on from as the other. Default false.
   *
   * <p>It turns on Flink's {@code taskmanager.network.adaptive-partitioner.enabled} for the whole
   * job, unless that is set, and sends elements on at once, unless the stream has a buffer timeout
   * of its own. What waits for an instance lies in Flink's network buffers; while ten of them (320
   * kB by default) wait for one, who feeds it stands still.
   */
  public ImageEmbedding<T> unordered(boolean spread) {
    unordered = spread;
    return this;
  }

  /**
   * Loads the model here once to see that it can be used, and says what it is.
   *
   * @throws ModelException if it cannot
   */
  public ModelDescriptor describeModel() {
    if (descriptor == null) {
      try (FeatureVectorModel loaded = model.load()) {
        descriptor = loaded.descriptor();
      }
    }
    return descriptor;
  }

  /** What will have made the vectors. */
  public Provenance provenance() {
    return describeModel().provenance(preprocessing);
  }

  /**
   * Adds the operators to the stream's job. The model is loaded once for this, so that one that
   * cannot be used fails the job while it is built; tasks refuse to start with another content.
   *
   * @throws ModelException if the model cannot be loaded
   */
  public SingleOutputStreamOperator<Embedded<T>> embed(DataStream<T> stream) {
    TypeInformation<Embedded<T>> type = Embedded.typeInformation(stream.getType());
    int instances = parallelism > 0 ? parallelism : stream.getParallelism();
    DataStream<T> spread = unordered ? Spread.over(stream) : stream;
    ImageExtractor<T> images =
        failingOnExtractorException ? extractor : new GuardedExtractor<>(extractor);
    EmbedFunction<T> function =
        new EmbedFunction<>(
            images,
            model,
            describeModel(),
            new EmbedSettings(preprocessing, limits, policy.maxCount(), topK, cacheBytes),
            guard,
            fenceDir);
    var batches = named("micro-batch", instances, MicroBatches.batch(spread, policy, images::size));
    var embedded =
        named("embed", instances, batches.map(function).returns(MicroBatch.typeInformation(type)));
    return named("unbatch", instances, MicroBatches.unbatch(embedded, type));
  }

  private <R> SingleOutputStreamOperator<R> named(
      String name, int instances, SingleOutputStreamOperator<R> operator) {
    return operator.name(name).uid(uidPrefix + "/" + name).setParallelism(instances);
  }
}
