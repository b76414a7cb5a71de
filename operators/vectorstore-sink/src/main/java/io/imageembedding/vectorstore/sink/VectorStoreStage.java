// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.batch.ElementSize;
import io.imageembedding.batch.MicroBatch;
import io.imageembedding.batch.MicroBatches;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import java.time.Duration;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * Writes a stream to a store and answers every element: it comes out once, in the order of its
 * input subtask, with its own timestamp, after the store has it or has refused it. So refused
 * elements can go to a topic of dead letters, and stored ones on to wherever they are wanted.
 *
 * <p>Effectively once, as {@link VectorStoreSink} is, and with the same metrics; but the task waits
 * for each batch, where the sink goes on gathering.
 *
 * <pre>{@code
 * DataStream<Stored<Item>> answers =
 *     VectorStoreStage.to("lucene:/data/vectors", (Item item) -> item.toStoredVector())
 *         .store(records);
 * }</pre>
 *
 * @param <T> the element
 */
@PublicEvolving
public final class VectorStoreStage<T> {

  /** 100 elements, or what came within 500 ms. */
  private static final BatchPolicy BATCHES =
      new BatchPolicy(100, Long.MAX_VALUE, Duration.ofMillis(500));

  private final ChangeExtractor<T> extractor;
  private StoreTarget target;
  private BatchPolicy policy = BATCHES;
  private ElementSize<T> size = element -> 0;
  private boolean failingOnExtractorException;
  private String uidPrefix = "vector-store";

  private VectorStoreStage(StoreTarget target, ChangeExtractor<T> extractor) {
    this.target = target;
    this.extractor = extractor;
  }

  /**
   * Storing with all defaults.
   *
   * @param address of the store, as {@link StoreAddress} says
   * @throws StoreException if it cannot be one; the store itself is not asked yet
   */
  public static <T> VectorStoreStage<T> to(String address, ChangeExtractor<T> extractor) {
    return new VectorStoreStage<>(StoreTarget.of(address), checkNotNull(extractor, "extractor"));
  }

  /** What the store must hold, and is made for where it is new; default: the first vector's. */
  public VectorStoreStage<T> expecting(CollectionSpec collection) {
    target = target.expecting(collection);
    return this;
  }

  /** When a batch is written; its limit of bytes has no meaning without sizes of elements. */
  public VectorStoreStage<T> batches(BatchPolicy batchPolicy) {
    policy = checkNotNull(batchPolicy, "batchPolicy");
    return this;
  }

  /** When a batch is written, where elements are so large that their bytes count. */
  public VectorStoreStage<T> batches(BatchPolicy batchPolicy, ElementSize<T> elementSize) {
    size = checkNotNull(elementSize, "elementSize");
    return batches(batchPolicy);
  }

  /** How a failure that can pass is waited for; default {@link RetryPolicy#DEFAULT}. */
  public VectorStoreStage<T> retrying(RetryPolicy retryPolicy) {
    target = target.retrying(retryPolicy);
    return this;
  }

  /**
   * Fails the job with what the extractor throws; by default the element is answered with a refusal
   * ({@link RefusedChange.Reason#EXTRACTOR_FAILED}).
   */
  public VectorStoreStage<T> failOnExtractorException() {
    failingOnExtractorException = true;
    return this;
  }

  /** What the operators' uids begin with; default {@code vector-store}. */
  public VectorStoreStage<T> uidPrefix(String prefix) {
    uidPrefix = checkNotNull(prefix, "prefix");
    return this;
  }

  /** Adds the operators to the stream's job, with its parallelism. */
  public SingleOutputStreamOperator<Stored<T>> store(DataStream<T> stream) {
    TypeInformation<Stored<T>> type = Stored.typeInformation(stream.getType());
    int instances = stream.getParallelism();
    // Not by the name that the batcher of images has: the metrics of the two are told apart by it.
    var batches =
        named("micro-batch", instances, MicroBatches.batch(stream, policy, size))
            .name("store micro-batch");
    var stored =
        named(
            "store",
            instances,
            batches.transform(
                "store",
                MicroBatch.typeInformation(type),
                new StoreOperator<>(target, extractor, failingOnExtractorException)));
    return named("unbatch", instances, MicroBatches.unbatch(stored, type));
  }

  private <R> SingleOutputStreamOperator<R> named(
      String name, int instances, SingleOutputStreamOperator<R> operator) {
    return operator.name(name).uid(uidPrefix + "/" + name).setParallelism(instances);
  }
}
