// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.SentTransaction.RecordPlace;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;

/**
 * A writer of the connector that remembers with each transaction where its first record lies, says
 * why it failed, and never throws when it is closed.
 */
final class GuardedWriter
    implements StatefulSinkWriter<OutgoingMessage, KafkaWriterState>,
        CommittingSinkWriter<OutgoingMessage, SentTransaction> {

  /** The first record that the brokers acknowledged; set by the producer's thread. */
  static final class FirstRecord implements Consumer<RecordMetadata> {
    private final AtomicReference<RecordPlace> place = new AtomicReference<>();

    @Override
    public void accept(RecordMetadata sent) {
      if (sent != null && sent.hasOffset() && place.getPlain() == null) {
        place.compareAndSet(null, RecordPlace.of(sent));
      }
    }
  }

  private final PrecommittingStatefulSinkWriter<OutgoingMessage, KafkaWriterState, KafkaCommittable>
      writer;
  private final SinkSettings settings;
  private final FirstRecord first;
  private final Counter aborted;
  private boolean written;
  private boolean fenced;
  private long writtenSince;

  /**
   * @param first what the writer reports its records to
   * @param aborted counts the transaction that is open when this is closed
   */
  GuardedWriter(
      PrecommittingStatefulSinkWriter<OutgoingMessage, KafkaWriterState, KafkaCommittable> writer,
      SinkSettings settings,
      FirstRecord first,
      Counter aborted) {
    this.writer = writer;
    this.settings = settings;
    this.first = first;
    this.aborted = aborted;
  }

  @Override
  public void write(OutgoingMessage message, Context context)
      throws IOException, InterruptedException {
    if (!written) {
      written = true;
      writtenSince = System.nanoTime();
    }
    try {
      writer.write(message, context);
    } catch (IOException | RuntimeException e) {
      throw explained(e);
    }
  }

  @Override
  public void writeWatermark(Watermark watermark) throws IOException, InterruptedException {
    writer.writeWatermark(watermark);
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    try {
      writer.flush(endOfInput);
    } catch (IOException | RuntimeException e) {
      throw failure(e);
    }
  }

  @Override
  public Collection<SentTransaction> prepareCommit() throws IOException, InterruptedException {
    try {
      List<SentTransaction> sent =
          writer.prepareCommit().stream()
              .map(committable -> new SentTransaction(committable, first.place.get()))
              .toList();
      first.place.set(null);
      written = false;
      return sent;
    } catch (IOException | RuntimeException e) {
      throw failure(e);
    }
  }

  @Override
  public List<KafkaWriterState> snapshotState(long checkpointId) throws IOException {
    try {
      return writer.snapshotState(checkpointId);
    } catch (IOException | RuntimeException e) {
      throw failure(e);
    }
  }

  private IOException explained(Exception thrown) {
    Exception described = described(thrown);
    if (described instanceof RuntimeException runtime) {
      throw runtime;
    }
    return (IOException) described;
  }

  /** The same for what is called while a checkpoint is taken. */
  private CheckpointFailure failure(Exception thrown) throws IOException {
    if (TaskFailureException.isEnding(thrown)) {
      throw explained(thrown);
    }
    return new CheckpointFailure(described(thrown).getMessage(), thrown);
  }

  /** The failure with what a person needs first: why a writer was fenced, or its root cause. */
  private Exception described(Exception thrown) {
    fenced |=
        isExactlyOnce()
            && (ExceptionUtils.findThrowable(thrown, ProducerFencedException.class).isPresent()
                || ExceptionUtils.findThrowable(thrown, InvalidProducerEpochException.class)
                    .isPresent());
    if (!fenced) {
      return TaskFailureException.of(thrown);
    }
    long open = written ? (System.nanoTime() - writtenSince) / 1_000_000 : 0;
    return new TaskFailureException(
        open < settings.transactionTimeout().toMillis() ? takenOver() : timedOut(open), thrown);
  }

  private boolean isExactlyOnce() {
    return settings.guarantee() == DeliveryGuarantee.EXACTLY_ONCE;
  }

  private String takenOver() {
    return "another job with transactional ids '"
        + settings.idPrefix()
        + SinkSettings.TERMINATOR
        + "' writes to topic '"
        + settings.topic()
        + "', or wrote while this task was taken for dead, or has restored its state: the brokers"
        + " have fenced this one. Two jobs of one Kafka cluster need two, each "
        + SameName.OTHER_IDS;
  }

  private String timedOut(long open) {
    return "the brokers aborted a transaction for topic '"
        + settings.topic()
        + "' that was open for "
        + open
        + " ms; allowed by "
        + KafkaOptions.TRANSACTION_TIMEOUT.key()
        + ": "
        + settings.transactionTimeout().toMillis()
        + " ms";
  }

  @Override
  public void close() {
    boolean clean = QuietClose.of(writer, "the Kafka writer of topic '" + settings.topic() + "'");
    if (clean && isExactlyOnce() && written && !fenced) {
      aborted.inc();
    }
    written = false;
  }
}
