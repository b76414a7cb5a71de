// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.sink.VectorStoreSink.RefusalHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Supplier;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;
import org.apache.flink.util.function.ThrowingRunnable;
import org.jspecify.annotations.Nullable;

/**
 * One subtask's way to the store. Only the store's calls run in the other thread; everything else
 * is the task's, to which results come back as mails.
 */
final class VectorStoreWriter<T> implements SinkWriter<T> {

  /** Batches that may wait for the store. */
  static final int MOST_IN_FLIGHT = 2;

  private final ChangeExtractor<T> extractor;
  private final @Nullable RefusalHandler<T> handler;
  private final int batchSize;
  private final Duration batchAge;
  private final MailboxExecutor mailbox;
  private final ProcessingTimeService clock;
  private final SinkWriterMetricGroup sinkMetrics;
  private final StoreMetrics metrics;
  private final TypeSerializer<T> copier;
  private final VectorStore store;
  private final ExecutorService thread;

  private List<T> elements = new ArrayList<>();
  private List<Change> changes = new ArrayList<>();
  private ScheduledFuture<?> timer;
  private int callsInFlight;
  private RuntimeException failure;
  private volatile int pending;

  /**
   * @param handler of what is refused; null fails the task by it
   */
  VectorStoreWriter(
      StoreTarget target,
      ChangeExtractor<T> extractor,
      @Nullable RefusalHandler<T> handler,
      int batchSize,
      Duration batchAge,
      WriterInitContext context) {
    this.extractor = extractor;
    this.handler = handler;
    this.batchSize = batchSize;
    this.batchAge = batchAge;
    mailbox = context.getMailboxExecutor();
    clock = context.getProcessingTimeService();
    sinkMetrics = context.metricGroup();
    metrics = new StoreMetrics(sinkMetrics, () -> pending);
    copier = context.isObjectReuseEnabled() ? context.createInputSerializer() : null;
    int subtask = context.getTaskInfo().getIndexOfThisSubtask();
    thread =
        Executors.newSingleThreadExecutor(new ExecutorThreadFactory("vector-store-" + subtask));
    store = metrics.open(target, subtask);
  }

  @Override
  public void write(T given, Context context) throws IOException, InterruptedException {
    T element = copier == null ? given : copier.copy(given);
    try {
      changes.add(NoChangeException.change(extractor, element));
    } catch (NoChangeException e) {
      refuse(element, e);
      return;
    } catch (IOException | RuntimeException | InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
    elements.add(element);
    pending++;
    if (changes.size() >= batchSize) {
      send();
    } else if (timer == null) {
      timer =
          clock.registerTimer(
              clock.getCurrentProcessingTime() + batchAge.toMillis(), time -> sendOld());
    }
  }

  private void sendOld() throws InterruptedException {
    try {
      send();
    } catch (RuntimeException e) {
      // Flink hides what a timer throws behind two exceptions of its own, but not what a mail does.
      failure = e;
      mailbox.execute(this::requireNoFailure, "fail by the batch that was old enough");
    }
  }

  private void requireNoFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  private void send() throws InterruptedException {
    requireNoFailure();
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    if (changes.isEmpty()) {
      return;
    }
    // Taken before the wait below, in which a timer may come by here again.
    List<T> sentElements = elements;
    List<Change> sent = changes;
    elements = new ArrayList<>(batchSize);
    changes = new ArrayList<>(batchSize);
    while (callsInFlight >= MOST_IN_FLIGHT) {
      mailbox.yield();
    }
    long start = System.nanoTime();
    call(
        () -> store.write(sent),
        result -> {
          pending -= sent.size();
          metrics.batch(sent.size(), result, System.nanoTime() - start);
          sinkMetrics.getNumRecordsSendCounter().inc(result.written());
          sinkMetrics.getNumRecordsSendErrorsCounter().inc(result.refused().size());
          for (RefusedChange refused : result.refused()) {
            refuse(sentElements.get(refused.index()), refused);
          }
        });
  }

  private void refuse(T element, RefusedChange refused) throws IOException {
    if (handler == null) {
      throw new StoreException(
          "the store refuses "
              + refused.id()
              + " ("
              + refused.reason()
              + "): "
              + refused.message());
    }
    handler.refused(element, refused);
  }

  private void refuse(T element, NoChangeException failure) throws IOException {
    if (handler == null) {
      throw failure;
    }
    RefusedChange refused = failure.refused(0);
    metrics.refused(refused);
    sinkMetrics.getNumRecordsSendErrorsCounter().inc();
    handler.refused(element, refused);
  }

  @Override
  public void flush(boolean endOfInput) throws InterruptedException {
    send();
    waitForStore();
    long start = System.nanoTime();
    call(
        () -> {
          store.commit();
          return null;
        },
        nothing -> metrics.committed(System.nanoTime() - start));
    waitForStore();
  }

  private void waitForStore() throws InterruptedException {
    while (callsInFlight > 0) {
      mailbox.yield();
    }
  }

  private <R> void call(Supplier<R> action, Answer<R> answer) {
    callsInFlight++;
    thread.execute(
        () -> {
          try {
            R result = action.get();
            mail(
                () -> {
                  callsInFlight--;
                  answer.take(result);
                });
          } catch (Throwable e) {
            // Whatever it is, the task has to fail by it instead of waiting for ever.
            mail(
                () -> {
                  throw e instanceof Exception failure ? failure : new IOException(e);
                });
          }
        });
  }

  private void mail(ThrowingRunnable<? extends Exception> mail) {
    try {
      mailbox.execute(mail, "answer of the vector store");
    } catch (RejectedExecutionException e) {
      // The task has ended; nobody waits for an answer.
    }
  }

  @Override
  public void close() {
    StoreTarget.closeAfterCommit(store, thread);
  }

  private interface Answer<R> {
    void take(R result) throws IOException;
  }
}
