// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Numbers from 0 on, in a job of two subtasks that fails once after two thirds of them. */
public final class TestingNumbers {
  private static final AtomicBoolean FAILED = new AtomicBoolean();

  private TestingNumbers() {}

  private record FailsOnce(long last) implements MapFunction<Long, Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public Long map(Long n) throws Exception {
      // Slow enough for some checkpoints to be complete by then.
      if (n % 20 == 0) {
        Thread.sleep(20);
      }
      if (n > last && FAILED.compareAndSet(false, true)) {
        throw new IllegalStateException("fails once");
      }
      return n;
    }
  }

  /** The numbers below {@code count}. */
  public static DataStream<Long> below(long count) {
    FAILED.set(false);
    Configuration config = new Configuration();
    config.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    env.setParallelism(2);
    env.enableCheckpointing(200);
    env.getConfig().enableObjectReuse();
    return env.fromSource(
            new NumberSequenceSource(0, count - 1), WatermarkStrategy.noWatermarks(), "numbers")
        .map(new FailsOnce(count * 2 / 3))
        .returns(Types.LONG);
  }

  /** Whether the job of the last numbers has failed. */
  public static boolean haveFailed() {
    return FAILED.get();
  }
}
