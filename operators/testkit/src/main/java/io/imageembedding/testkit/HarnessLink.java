// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;
import org.apache.flink.streaming.api.transformations.PartitionTransformation;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;

/** One operator of a part of a job, in Flink's harness. */
final class HarnessLink implements AutoCloseable {
  private final OneInputStreamOperatorTestHarness<Object, Object> harness;

  private HarnessLink(OneInputStreamOperatorTestHarness<Object, Object> harness) {
    this.harness = harness;
  }

  /** The operators between the stream that goes in and the one that comes out. */
  static <T, R> List<HarnessLink> chain(
      TypeInformation<T> type, Function<DataStream<T>, DataStream<R>> part) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);
    // Never read: it is where the part begins.
    @SuppressWarnings("unchecked")
    Source<T, ?, ?> nothing = (Source<T, ?, ?>) (Source<?, ?, ?>) new NumberSequenceSource(0, 0);
    DataStream<T> input =
        env.fromSource(nothing, WatermarkStrategy.noWatermarks(), "harness", type);
    Deque<OneInputTransformation<?, ?>> operators = new ArrayDeque<>();
    Transformation<?> at = part.apply(input).getTransformation();
    while (at != input.getTransformation()) {
      if (at instanceof OneInputTransformation<?, ?> operator) {
        operators.addFirst(operator);
      } else if (!(at instanceof PartitionTransformation<?>)) {
        throw new IllegalArgumentException(
            "'"
                + at.getName()
                + "' ("
                + at.getClass().getSimpleName()
                + ") is no operator with one input on the way from the stream that goes in");
      }
      at = at.getInputs().get(0);
    }
    if (operators.isEmpty()) {
      throw new IllegalArgumentException("there is no operator on the way; needed: at least one");
    }
    SerializerConfig serializers = env.getConfig().getSerializerConfig();
    List<HarnessLink> links = new ArrayList<>();
    for (OneInputTransformation<?, ?> operator : operators) {
      links.add(of(operator, serializers));
    }
    return links;
  }

  @SuppressWarnings("unchecked") // Who made the stream saw to it that types fit.
  private static HarnessLink of(OneInputTransformation<?, ?> operator, SerializerConfig serializers)
      throws Exception {
    OneInputTransformation<Object, Object> any = (OneInputTransformation<Object, Object>) operator;
    KeySelector<Object, Object> key = (KeySelector<Object, Object>) any.getStateKeySelector();
    OneInputStreamOperatorTestHarness<Object, Object> harness =
        key == null
            ? new OneInputStreamOperatorTestHarness<>(any.getOperatorFactory(), 1, 1, 0)
            : new KeyedOneInputStreamOperatorTestHarness<>(
                any.getOperatorFactory(), key, (TypeInformation<Object>) any.getStateKeyType());
    harness.getStreamConfig().setupNetworkInputs(any.getInputType().createSerializer(serializers));
    harness.getStreamConfig().serializeAllConfigs();
    harness.setup(any.getOutputType().createSerializer(serializers));
    return new HarnessLink(harness);
  }

  void open(@Nullable OperatorSubtaskState state) throws Exception {
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
  }

  void accept(Object element) throws Exception {
    if (element instanceof Watermark watermark) {
      harness.processWatermark(watermark);
    } else if (element instanceof WatermarkStatus status) {
      harness.processWatermarkStatus(status);
    } else if (element instanceof StreamRecord<?> record) {
      @SuppressWarnings("unchecked")
      StreamRecord<Object> any = (StreamRecord<Object>) record;
      harness.processElement(any);
    }
  }

  /** The next thing that the operator gave; null if there is none. */
  @Nullable Object poll() {
    return harness.getOutput().poll();
  }

  /** Whether there was any. */
  boolean runMails() throws Exception {
    TaskMailbox mailbox = harness.getTaskMailbox();
    if (!mailbox.hasMail()) {
      return false;
    }
    mailbox.createBatch();
    for (Optional<Mail> mail = mailbox.tryTakeFromBatch();
        mail.isPresent();
        mail = mailbox.tryTakeFromBatch()) {
      mail.get().run();
    }
    return true;
  }

  /** When the operator wants to be called next, after a time. */
  long nextTimerAfter(long time) {
    return harness.getProcessingTimeService().getActiveTimerTimestamps().stream()
        .mapToLong(Long::longValue)
        .filter(timer -> timer > time)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  void setTime(long time) throws Exception {
    harness.setProcessingTime(time);
  }

  void beforeBarrier(long checkpoint) throws Exception {
    harness.prepareSnapshotPreBarrier(checkpoint);
  }

  OperatorSubtaskState snapshot(long checkpoint, long time) throws Exception {
    return harness.snapshot(checkpoint, time);
  }

  void completed(long checkpoint) throws Exception {
    harness.notifyOfCompletedCheckpoint(checkpoint);
  }

  void finish() throws Exception {
    harness.endInput();
    harness.getOneInputOperator().finish();
  }

  @Override
  public void close() throws Exception {
    harness.close();
  }
}
