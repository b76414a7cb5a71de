// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.testkit.SampleImages;
import io.imageembedding.testkit.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The operator in a cluster, on the files of someone who uses it without Kafka. */
class EmbedFunctionITCase {
  private static final int ENOUGH_CHECKPOINTS = 5;

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder().setNumberSlotsPerTaskManager(4).build());

  private static final AtomicInteger ENDED = new AtomicInteger();
  private static final AtomicInteger COMPLETED_AFTER_AN_END = new AtomicInteger();
  private static final Queue<String> LOADED = new ConcurrentLinkedQueue<>();

  @TempDir Path folder;

  @BeforeEach
  void nothingHasHappened() {
    ENDED.set(0);
    COMPLETED_AFTER_AN_END.set(0);
    LOADED.clear();
  }

  @Test
  void checkpointsCompleteWhileSomeSubtasksHaveEndedAndOthersHaveNot() throws Exception {
    lines("short", 1);
    lines("long", 2000);
    StreamExecutionEnvironment env = environment(null);
    // One file for each of two subtasks, none for the third.
    env.setParallelism(3);
    FileSource<String> files =
        FileSource.forRecordStreamFormat(new TextLineInputFormat(), path()).build();
    embed(env, files, new Measuring("fp32", Precision.AUTO))
        .map(new Watching())
        .sinkTo(new DiscardingSink<>());

    env.execute();

    assertThat(ENDED).hasValue(3);
    assertThat(COMPLETED_AFTER_AN_END).hasValueGreaterThanOrEqualTo(ENOUGH_CHECKPOINTS);
  }

  @Test
  void everySubtaskOfARescaledJobKeepsThePrecisionThatWasMeasured() throws Exception {
    lines("a", 3);
    String two = savepointOf(2, null, "bf16");
    String four = savepointOf(4, two, "fp32");
    assertThat(LOADED).containsExactlyElementsOf(Collections.nCopies(4, "bf16"));

    savepointOf(1, four, "fp32");
    assertThat(LOADED).containsExactly("bf16");
  }

  /** Runs the job until it stands, on a processor where {@code measured} is faster. */
  private String savepointOf(int parallelism, String from, String measured) throws Exception {
    StreamExecutionEnvironment env = environment(from);
    env.setParallelism(parallelism);
    FileSource<String> files =
        FileSource.forRecordStreamFormat(new TextLineInputFormat(), path())
            .monitorContinuously(Duration.ofMillis(100))
            .build();
    embed(env, files, new Measuring(measured, Precision.AUTO)).sinkTo(new DiscardingSink<>());
    LOADED.clear();
    JobClient job = env.executeAsync();
    // Refused until all subtasks run.
    return await()
        .atMost(Duration.ofMinutes(1))
        .ignoreExceptions()
        .until(
            () ->
                job.stopWithSavepoint(
                        false,
                        folder.resolve("savepoints").toUri().toString(),
                        SavepointFormatType.CANONICAL)
                    .get(1, TimeUnit.MINUTES),
            Objects::nonNull);
  }

  private org.apache.flink.core.fs.Path path() {
    return new org.apache.flink.core.fs.Path(folder.resolve("files").toUri());
  }

  private void lines(String file, int count) throws Exception {
    Files.createDirectories(folder.resolve("files"));
    Files.write(folder.resolve("files").resolve(file), Collections.nCopies(count, "7"));
  }

  private StreamExecutionEnvironment environment(String savepoint) {
    Configuration config =
        new Configuration()
            .set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(50))
            .set(RestartStrategyOptions.RESTART_STRATEGY, "disable");
    if (savepoint != null) {
      config.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    }
    return StreamExecutionEnvironment.getExecutionEnvironment(config);
  }

  private static DataStream<Embedded<String>> embed(
      StreamExecutionEnvironment env, FileSource<String> files, ModelSource model) {
    return ImageEmbedding.of(EmbedFunctionITCase::slowly)
        .model(model)
        .embed(env.fromSource(files, WatermarkStrategy.noWatermarks(), "files"));
  }

  private static byte[] slowly(String line) {
    if (COMPLETED_AFTER_AN_END.get() < ENOUGH_CHECKPOINTS) {
      LockSupport.parkNanos(10_000_000);
    }
    return SampleImages.png(Integer.parseInt(line));
  }

  /** A model that says that it runs in what was measured, or in what it is told to. */
  private record Measuring(String measured, Precision precision) implements ModelSource {
    @Override
    public ModelSource in(Precision other) {
      return new Measuring(measured, other);
    }

    @Override
    public FeatureVectorModel load() {
      Precision run = precision == Precision.AUTO ? Precision.of(measured) : precision;
      LOADED.add(run.key());
      return TinyModel.ofDimension(2).in(run).load();
    }
  }

  /** Counts ends of subtasks, and checkpoints that were complete after an end. */
  private static final class Watching extends RichMapFunction<Embedded<String>, String>
      implements CheckpointListener {
    private static final long serialVersionUID = 1L;

    @Override
    public String map(Embedded<String> answer) {
      return answer.element();
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
      if (ENDED.get() > 0) {
        COMPLETED_AFTER_AN_END.incrementAndGet();
      }
    }

    @Override
    public void close() {
      ENDED.incrementAndGet();
    }
  }
}
