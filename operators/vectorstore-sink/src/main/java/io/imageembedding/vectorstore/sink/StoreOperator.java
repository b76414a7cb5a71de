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
  private final boolean failingOnExtractorException;

  private transient VectorStore store;
  private transient ExecutorService thread;
  private transient StoreMetrics metrics;
  private transient volatile int pending;

  /**
   * @param failingOnExtractorException whether an element of which no change can be made fails the
   *     task; else it is answered with a refusal
   */
  StoreOperator(
      StoreTarget target, ChangeExtractor<T> extractor, boolean failingOnExtractorException) {
    this.target = target;
    this.extractor = extractor;
    this.failingOnExtractorException = failingOnExtractorException;
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
    List<Stored<T>> answers = new ArrayList<>(batch.size());
    List<Change> changes = new ArrayList<>(batch.size());
    List<Integer> places = new ArrayList<>(batch.size());
    for (T element : batch.elements()) {
      int place = answers.size();
      Optional<RefusedChange> failed = addChange(changes, element, place);
      if (failed.isEmpty()) {
        places.add(place);
      }
      answers.add(new Stored<>(element, failed));
    }
    if (!changes.isEmpty()) {
      for (RefusedChange refused : written(changes).refused()) {
        int place = places.get(refused.index());
        answers.set(place, new Stored<>(answers.get(place).element(), Optional.of(refused)));
      }
    }
    output.collect(new StreamRecord<>(batch.withElements(answers)));
  }

  private WriteResult written(List<Change> changes) throws Exception {
    pending = changes.size();
    long start = System.nanoTime();
    WriteResult result = call(() -> store.write(changes));
    metrics.batch(changes.size(), result, System.nanoTime() - start);
    pending = 0;
    return result;
  }

  /** What becomes of an element that no change can be made of, if it is such a one. */
  private Optional<RefusedChange> addChange(List<Change> changes, T element, int place)
      throws Exception {
    try {
      changes.add(NoChangeException.change(extractor, element));
      return Optional.empty();
    } catch (NoChangeException e) {
      if (failingOnExtractorException) {
        throw e;
      }
      RefusedChange refused = e.refused(place);
      metrics.refused(refused);
      return Optional.of(refused);
    }
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
