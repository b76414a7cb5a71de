// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.batch.MicroBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;

/**
 * Writes batches and answers each element; what came before a barrier is durable before the
 * checkpoint is complete. Has no state of its own.
 */
final class StoreFunction<T> extends RichMapFunction<MicroBatch<T>, MicroBatch<Stored<T>>>
    implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;

  private final StoreTarget target;
  private final ChangeExtractor<T> extractor;

  private transient VectorStore store;
  private transient StoreMetrics metrics;
  private transient volatile int pending;

  StoreFunction(StoreTarget target, ChangeExtractor<T> extractor) {
    this.target = target;
    this.extractor = extractor;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) {}

  @Override
  public void open(OpenContext context) {
    metrics = new StoreMetrics(getRuntimeContext().getMetricGroup(), () -> pending);
    store =
        target.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(), metrics::retried);
  }

  @Override
  public MicroBatch<Stored<T>> map(MicroBatch<T> batch) throws Exception {
    List<Change> changes = new ArrayList<>(batch.size());
    for (T element : batch.elements()) {
      changes.add(extractor.change(element));
    }
    pending = changes.size();
    long start = System.nanoTime();
    WriteResult result = store.write(changes);
    metrics.batch(changes.size(), result, System.nanoTime() - start);
    pending = 0;
    List<Stored<T>> answers = new ArrayList<>(batch.size());
    for (T element : batch.elements()) {
      answers.add(new Stored<>(element, Optional.empty()));
    }
    for (RefusedChange refused : result.refused()) {
      answers.set(
          refused.index(),
          new Stored<>(batch.elements().get(refused.index()), Optional.of(refused)));
    }
    return batch.withElements(answers);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) {
    long start = System.nanoTime();
    store.commit();
    metrics.committed(System.nanoTime() - start);
  }

  @Override
  public void close() {
    if (store != null) {
      store.close();
    }
  }
}
