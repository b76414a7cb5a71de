// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import io.imageembedding.batch.MicroBatch.FlushReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Gathers elements into {@link MicroBatch}es and holds nothing when a checkpoint is taken: what
 * came before a barrier leaves before it, so there is no state to lose or to repeat. A watermark
 * passes a waiting batch only if no element of the batch would be late for it.
 *
 * <p>Where the job reuses objects, elements are copied before they are kept.
 */
final class MicroBatcher<T> extends AbstractStreamOperator<MicroBatch<T>>
    implements OneInputStreamOperator<T, MicroBatch<T>>, BoundedOneInput, ProcessingTimeCallback {
  private static final long serialVersionUID = 1L;

  private final BatchPolicy policy;
  private final ElementSize<T> size;
  private final TypeSerializer<T> serializer;

  private transient List<T> elements;
  private transient long[] timestamps;
  private transient long bytes;
  private transient long earliest;
  private transient long deadline;
  private transient ScheduledFuture<?> timer;
  private transient boolean copies;
  private transient AdaptiveCount adaptiveCount;
  private transient MailboxExecutor mailbox;
  private transient long arrivals;
  private transient boolean looking;
  private transient RuntimeException failure;
  private transient BatchMetrics metrics;

  MicroBatcher(BatchPolicy policy, ElementSize<T> size, TypeSerializer<T> serializer) {
    this.policy = policy;
    this.size = size;
    this.serializer = serializer;
  }

  @Override
  public void open() throws Exception {
    super.open();
    metrics = new BatchMetrics(getMetricGroup());
    elements = new ArrayList<>(policy.maxCount());
    timestamps = new long[Math.min(policy.maxCount(), 1024)];
    copies = getExecutionConfig().isObjectReuseEnabled();
    mailbox =
        getContainingTask()
            .getMailboxExecutorFactory()
            .createExecutor(getOperatorConfig().getChainIndex());
    if (policy.latencyBudget() != null) {
      adaptiveCount = new AdaptiveCount(policy.maxCount(), policy.latencyBudget().toNanos());
    }
    reset();
  }

  @Override
  public void processElement(StreamRecord<T> record) {
    T element = copies ? serializer.copy(record.getValue()) : record.getValue();
    long elementBytes = bytes(element);
    if (!elements.isEmpty() && elementBytes > policy.maxBytes() - bytes) {
      flush(FlushReason.BYTES);
    }
    add(element, record.hasTimestamp() ? record.getTimestamp() : MicroBatch.NO_TIMESTAMP);
    bytes += elementBytes;
    metrics.added(elements.size(), bytes);
    arrivals++;
    if (elements.size() >= policy.maxCount()) {
      flush(FlushReason.COUNT);
    } else if (bytes >= policy.maxBytes()) {
      flush(FlushReason.BYTES);
    } else if (adaptiveCount != null) {
      flushOrLook();
    } else if (elements.size() == 1) {
      deadline = getProcessingTimeService().getCurrentProcessingTime() + policy.maxAge().toMillis();
      timer = getProcessingTimeService().registerTimer(deadline, this);
    }
  }

  private long bytes(T element) {
    try {
      return Math.max(0, size.bytes(element));
    } catch (RuntimeException | StackOverflowError e) {
      // Whatever is wrong with the element, it is answered where it is read.
      return 0;
    }
  }

  private void flushOrLook() {
    if (elements.size() >= adaptiveCount.limit()) {
      flush(FlushReason.LATENCY);
    } else if (!looking) {
      looking = true;
      // The first mail runs before the task looks for input again, the second one after that.
      mailbox.execute(this::look, "look for input");
    }
  }

  private void look() {
    long before = arrivals;
    mailbox.execute(() -> flushUnlessMoreCame(before), "close the batch if no input came");
  }

  private void flushUnlessMoreCame(long before) {
    looking = false;
    if (elements.isEmpty()) {
      return;
    }
    if (arrivals == before) {
      flush(FlushReason.LATENCY);
    } else {
      flushOrLook();
    }
  }

  @Override
  public void onProcessingTime(long time) {
    // A timer that was cancelled after it had fired belongs to a batch that is gone.
    if (time < deadline) {
      return;
    }
    try {
      flush(FlushReason.AGE);
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

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    flush(FlushReason.CHECKPOINT);
  }

  @Override
  public void processWatermark(Watermark watermark) throws Exception {
    if (earliest <= watermark.getTimestamp()) {
      flush(FlushReason.WATERMARK);
    }
    super.processWatermark(watermark);
  }

  @Override
  public void processWatermarkStatus(WatermarkStatus status) throws Exception {
    if (status.isIdle()) {
      flush(FlushReason.IDLE);
    }
    super.processWatermarkStatus(status);
  }

  @Override
  public void endInput() {
    flush(FlushReason.END_OF_INPUT);
  }

  @Override
  public void finish() throws Exception {
    flush(FlushReason.END_OF_INPUT);
    super.finish();
  }

  private void add(T element, long timestamp) {
    if (elements.size() == timestamps.length) {
      timestamps = Arrays.copyOf(timestamps, Math.min(policy.maxCount(), timestamps.length * 2));
    }
    timestamps[elements.size()] = timestamp;
    elements.add(element);
    earliest = Math.min(earliest, timestamp);
  }

  private void flush(FlushReason reason) {
    // A barrier may come before the mail: the elements of that batch are gone.
    requireNoFailure();
    if (elements.isEmpty()) {
      return;
    }
    MicroBatch<T> batch =
        new MicroBatch<>(elements, Arrays.copyOf(timestamps, elements.size()), reason);
    metrics.closed();
    reset();
    long start = System.nanoTime();
    output.collect(new StreamRecord<>(batch));
    metrics.answered();
    if (adaptiveCount != null) {
      adaptiveCount.took(batch.size(), System.nanoTime() - start);
    }
  }

  private void reset() {
    elements.clear();
    bytes = 0;
    earliest = Long.MAX_VALUE;
    deadline = Long.MAX_VALUE;
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
