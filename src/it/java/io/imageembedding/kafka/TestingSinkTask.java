// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.runtime.operators.sink.CommitterOperatorFactory;
import org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperatorFactory;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;

/** One subtask of a sink, writer and committer, whose checkpoints a test takes. */
final class TestingSinkTask implements AutoCloseable {

  /** What a checkpoint has of the task. */
  record State(long checkpoint, OperatorSubtaskState writer, OperatorSubtaskState committer) {}

  private final OneInputStreamOperatorTestHarness<
          OutgoingMessage, CommittableMessage<SentTransaction>>
      writer;
  private final OneInputStreamOperatorTestHarness<
          CommittableMessage<SentTransaction>, CommittableMessage<SentTransaction>>
      committer;

  /** Starts the task anew, or from a state. */
  TestingSinkTask(SinkSettings settings, State restored) throws Exception {
    this(settings, restored, 1, 0);
  }

  TestingSinkTask(SinkSettings settings, State restored, int parallelism, int subtask)
      throws Exception {
    GuardedKafkaSink sink = new GuardedKafkaSink(settings);
    committer =
        new OneInputStreamOperatorTestHarness<>(
            new CommitterOperatorFactory<>(sink, false, true), parallelism, parallelism, subtask);
    writer =
        new OneInputStreamOperatorTestHarness<>(
            new SinkWriterOperatorFactory<>(sink), parallelism, parallelism, subtask);
    try {
      committer.setup();
      writer.setup();
      if (restored != null) {
        committer.setRestoredCheckpointId(restored.checkpoint());
        writer.setRestoredCheckpointId(restored.checkpoint());
        committer.initializeState(restored.committer());
        writer.initializeState(restored.writer());
      }
      committer.open();
      writer.open();
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  void write(String key) throws Exception {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    writer.processElement(new OutgoingMessage(bytes, bytes, List.of(), 0), 0);
  }

  /** Takes the checkpoint up to where all have stored their states, but does not complete it. */
  State checkpoint(long number) throws Exception {
    writer.prepareSnapshotPreBarrier(number);
    for (CommittableMessage<SentTransaction> message : writer.extractOutputValues()) {
      committer.processElement(message, 0);
    }
    writer.getOutput().clear();
    return new State(number, writer.snapshot(number, number), committer.snapshot(number, number));
  }

  void complete(long number) throws Exception {
    committer.notifyOfCompletedCheckpoint(number);
    writer.notifyOfCompletedCheckpoint(number);
  }

  /** Ends the task as a failure does: what is open and not of a checkpoint is aborted. */
  @Override
  public void close() throws Exception {
    committer.close();
    writer.close();
  }
}
