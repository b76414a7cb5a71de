// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;

/**
 * Writes batches and answers each element; what came before a barrier is durable before the
 * checkpoint is complete, and everything at the end of input. Has no state of its own.
 *
 * <p>The store is called by a thread of its own: the task's is interrupted when the job is
 * cancelled, and an interrupt closes the files that a store is about to write.
 */
final class StoreOperator<T> extends AbstractStreamOperator<MicroBatch<Stored<T>>>
    implements OneInputStreamOperator<MicroBatch<T>, MicroBatch<Stored<T>>> {
  private static final long serialVersionUID = 1L;

  private final StoreTarget target;
  private final ChangeExtractor<T> extractor;

  private transient VectorStore store;
  private transient ExecutorService thread;
  private transient StoreMetrics metrics;
  private transient volatile int pending;

  StoreOperator(StoreTarget target, ChangeExtractor<T> extractor) {
    this.target = target;
    this.extractor = extractor;
  }

  @Override
  public void open() throws Exception {
    super.open();
    metrics = new StoreMetrics(getMetricGroup(), () -> pending);
    int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    thread =
        Executors.newSingleThreadExecutor(new ExecutorThreadFactory("vector-store-" + subtask));
    store = metrics.open(target, subtask);
  }

  @Override
  public void processElement(StreamRecord<MicroBatch<T>> record) throws Exception {
    MicroBatch<T> batch = record.getValue();
    List<Change> changes = new ArrayList<>(batch.size());
    for (T element : batch.elements()) {
      changes.add(extractor.change(element));
    }
    pending = changes.size();
    long start = System.nanoTime();
    WriteResult result = call(() -> store.write(changes));
    metrics.batch(changes.size(), result, System.nanoTime() - start);
    pending = 0;
    output.collect(new StreamRecord<>(batch.withElements(answers(batch, result))));
  }

  private static <T> List<Stored<T>> answers(MicroBatch<T> batch, WriteResult result) {
    List<Stored<T>> answers = new ArrayList<>(batch.size());
    for (T element : batch.elements()) {
      answers.add(new Stored<>(element, Optional.empty()));
    }
    for (RefusedChange refused : result.refused()) {
      answers.set(
          refused.index(),
          new Stored<>(batch.elements().get(refused.index()), Optional.of(refused)));
    }
    return answers;
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    commit();
  }

  @Override
  public void finish() throws Exception {
    commit();
    super.finish();
  }

  private void commit() throws Exception {
    long start = System.nanoTime();
    call(
        () -> {
          store.commit();
          return null;
        });
    metrics.committed(System.nanoTime() - start);
  }

  private <R> R call(Callable<R> action) throws Exception {
    try {
      return thread.submit(action).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception failure) {
        throw failure;
      }
      throw e;
    }
  }

  @Override
  public void close() throws Exception {
    if (thread != null) {
      StoreTarget.closeAfterCommit(store, thread);
    }
    super.close();
  }
}
