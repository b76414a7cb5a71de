// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import static org.apache.flink.util.Preconditions.checkArgument;
import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.jspecify.annotations.Nullable;

/**
 * Writes a stream to a store, effectively once: before a checkpoint is complete everything in front
 * of its barrier is durable, and what a restored job writes again changes nothing.
 *
 * <p>Batches are written by a thread of their own while the task goes on gathering; at most {@value
 * VectorStoreWriter#MOST_IN_FLIGHT} wait for the store, after that the task does, and Flink's
 * back-pressure holds the sources. A failure that can pass is tried again as {@link
 * Builder#retrying} says, and then fails the job with one clear line.
 *
 * <p>A change that no store takes, or an element of which the extractor makes none because it
 * throws, is given to {@link RefusalHandler}; without one it fails the job. A sink has no outputs:
 * where refused elements are to go to another topic, use {@link VectorStoreStage}, which answers
 * every element.
 *
 * <pre>{@code
 * records.sinkTo(
 *     VectorStoreSink.builder("lucene:/data/vectors", (Item item) -> item.toStoredVector())
 *         .onRefused((item, refused) -> LOG.warn("{}: {}", item.id(), refused.message()))
 *         .build());
 * }</pre>
 *
 * @param <T> the element
 */
@PublicEvolving
public final class VectorStoreSink<T> implements Sink<T> {
  private static final long serialVersionUID = 1L;

  /** Takes what no store takes; called by the task's own thread, before the next checkpoint. */
  @FunctionalInterface
  public interface RefusalHandler<T> extends Serializable {
    void refused(T element, RefusedChange refused) throws IOException;
  }

  private final StoreTarget target;
  private final ChangeExtractor<T> extractor;
  private final RefusalHandler<T> handler;
  private final int batchSize;
  private final Duration batchAge;

  private VectorStoreSink(Builder<T> builder) {
    target = builder.target;
    extractor = builder.extractor;
    handler = builder.handler;
    batchSize = builder.batchSize;
    batchAge = builder.batchAge;
  }

  /**
   * A sink with all defaults.
   *
   * @param address of the store, as {@link StoreAddress} says
   * @throws StoreException if it cannot be one; the store itself is not asked yet
   */
  public static <T> Builder<T> builder(String address, ChangeExtractor<T> extractor) {
    return new Builder<>(StoreTarget.of(address), checkNotNull(extractor, "extractor"));
  }

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) {
    return new VectorStoreWriter<>(target, extractor, handler, batchSize, batchAge, context);
  }

  /** Sets what has another default. */
  public static final class Builder<T> {
    private final ChangeExtractor<T> extractor;
    private StoreTarget target;
    private @Nullable RefusalHandler<T> handler;
    private int batchSize = 100;
    private Duration batchAge = Duration.ofMillis(500);

    private Builder(StoreTarget target, ChangeExtractor<T> extractor) {
      this.target = target;
      this.extractor = extractor;
    }

    /** What the store must hold, and is made for where it is new; default: the first vector's. */
    public Builder<T> expecting(CollectionSpec collection) {
      target = target.expecting(collection);
      return this;
    }

    /** When a batch is written: at so many changes, or so long after its first. */
    public Builder<T> batches(int size, Duration age) {
      checkArgument(size >= 1, "size is %s; needed: at least 1", size);
      checkArgument(age.toMillis() >= 1, "age is %s; needed: at least 1 ms", age);
      batchSize = size;
      batchAge = age;
      return this;
    }

    /** How a failure that can pass is waited for; default {@link RetryPolicy#DEFAULT}. */
    public Builder<T> retrying(RetryPolicy policy) {
      target = target.retrying(policy);
      return this;
    }

    /** Where refused elements go; default: the job fails. */
    public Builder<T> onRefused(RefusalHandler<T> refusalHandler) {
      handler = checkNotNull(refusalHandler, "refusalHandler");
      return this;
    }

    public VectorStoreSink<T> build() {
      return new VectorStoreSink<>(this);
    }
  }
}
