// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.LongValue;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is objected to batching operators in FLINK-38825, in real tasks. */
@ExtendWith(MiniClusterExtension.class)
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MicroBatchesITCase {

  /** Closed by nothing but its count and what Flink asks for. */
  private static final BatchPolicy LARGE =
      new BatchPolicy(1000, Long.MAX_VALUE, Duration.ofHours(1));

  private static final int SMALL = 8;

  private static final AtomicInteger READ = new AtomicInteger();
  private static final AtomicInteger FAILURES = new AtomicInteger();
  private static volatile CountDownLatch gate;

  @BeforeEach
  void nothingHasHappened() {
    READ.set(0);
    FAILURES.set(0);
    gate = new CountDownLatch(1);
  }

  @Test
  void bufferedRecordsSurviveFailover() throws Exception {
    int count = 2500;
    StreamExecutionEnvironment env =
        environment(
            new Configuration()
                .set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(100))
                .set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay")
                .set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3)
                .set(
                    RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY,
                    Duration.ofMillis(10)));
    DataStream<Long> failing = numbers(env, count).map(new FailingOnce()).returns(Types.LONG);

    List<Long> answers = new ArrayList<>();
    try (CloseableIterator<Long> results =
        throughBatches(failing, LARGE, Types.LONG).executeAndCollect()) {
      results.forEachRemaining(answers::add);
    }

    assertThat(FAILURES).hasValue(1);
    assertThat(answers).containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
  }

  @Test
  void backPressureHolds() throws Exception {
    StreamExecutionEnvironment env = environment(new Configuration());
    DataStream<Long> counted =
        numbers(env, 100_000)
            .map(
                number -> {
                  READ.incrementAndGet();
                  return number;
                })
            .returns(Types.LONG);
    throughBatches(counted, new BatchPolicy(SMALL, Long.MAX_VALUE, Duration.ofHours(1)), Types.LONG)
        .map(
            number -> {
              gate.await();
              return number;
            })
        .returns(Types.LONG)
        .sinkTo(new DiscardingSink<>());
    JobClient job = env.executeAsync();

    await().atMost(Duration.ofMinutes(1)).until(() -> READ.get() > 0);
    await()
        .atMost(Duration.ofSeconds(30))
        .during(Duration.ofSeconds(1))
        .untilAsserted(() -> assertThat(READ).hasValue(SMALL));
    gate.countDown();
    job.getJobExecutionResult().get(1, TimeUnit.MINUTES);
    assertThat(READ).hasValue(100_000);
  }

  @Test
  void aFailureInABatchThatIsClosedByItsAgeIsTheTasksOwn() throws Exception {
    StreamExecutionEnvironment env =
        environment(new Configuration().set(RestartStrategyOptions.RESTART_STRATEGY, "none"));
    DataStream<Long> waiting =
        numbers(env, 2)
            .map(
                number -> {
                  if (number > 0) {
                    gate.await();
                  }
                  return number;
                })
            .returns(Types.LONG)
            .disableChaining();
    BatchPolicy aged = new BatchPolicy(SMALL, Long.MAX_VALUE, Duration.ofMillis(10));
    throughBatches(waiting, aged, Types.LONG)
        .map(number -> Math.floorDiv(number, 0))
        .returns(Types.LONG)
        .sinkTo(new DiscardingSink<>());

    Throwable failure = catchThrowable(env::execute);
    gate.countDown();

    Throwable suppressed = failure.getCause();
    assertThat(suppressed.getMessage()).startsWith("Recovery is suppressed");
    assertThat(suppressed).cause().isExactlyInstanceOf(ArithmeticException.class);
  }

  @Test
  void objectReuseIsSafe() throws Exception {
    int count = 3000;
    StreamExecutionEnvironment env =
        environment(new Configuration().set(PipelineOptions.OBJECT_REUSE, true));
    TypeInformation<LongValue> type = TypeInformation.of(LongValue.class);
    DataStream<LongValue> reused = numbers(env, count).map(new Reusing()).returns(type);

    List<Long> answers = new ArrayList<>();
    try (CloseableIterator<Long> results =
        throughBatches(reused, LARGE, type)
            .map(LongValue::getValue)
            .returns(Types.LONG)
            .executeAndCollect()) {
      results.forEachRemaining(answers::add);
    }

    assertThat(answers).containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
  }

  private static StreamExecutionEnvironment environment(Configuration config) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    env.setParallelism(1);
    return env;
  }

  private static DataStream<Long> numbers(StreamExecutionEnvironment env, int count) {
    return env.fromSource(
        new NumberSequenceSource(0, count - 1), WatermarkStrategy.noWatermarks(), "numbers");
  }

  private static <T> DataStream<T> throughBatches(
      DataStream<T> stream, BatchPolicy policy, TypeInformation<T> type) {
    return MicroBatches.unbatch(MicroBatches.batch(stream, policy, element -> 0), type);
  }

  /** Fails with elements in the buffer behind it, after a checkpoint was taken. */
  private static final class FailingOnce extends RichMapFunction<Long, Long>
      implements CheckpointListener {
    private static final long serialVersionUID = 1L;

    private transient boolean checkpointed;
    private transient int since;

    @Override
    public Long map(Long number) {
      LockSupport.parkNanos(200_000);
      if (checkpointed && ++since == 300 && FAILURES.compareAndSet(0, 1)) {
        throw new IllegalStateException("fails once, at " + number);
      }
      return number;
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
      checkpointed = true;
    }
  }

  /** Gives the same object again and again. */
  private static final class Reusing extends RichMapFunction<Long, LongValue> {
    private static final long serialVersionUID = 1L;

    private final LongValue only = new LongValue();

    @Override
    public LongValue map(Long number) {
      only.setValue(number);
      return only;
    }
  }
}
