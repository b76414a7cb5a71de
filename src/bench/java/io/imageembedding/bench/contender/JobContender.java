// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.topic.Topics;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Contender;
import io.imageembedding.bench.worker.Figures;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A streaming job, started anew for every run in the same, warm JVM, and cancelled some time after
 * its first output. How much it wrote can be seen on its topic.
 */
final class JobContender implements Contender {
  /** Adds a job to the environment. */
  interface Builder {
    void build(StreamExecutionEnvironment environment, Configuration config, Arguments arguments)
        throws Exception;
  }

  private final Builder builder;
  private final Path folder;

  JobContender(Builder builder, Path folder) {
    this.builder = builder;
    this.folder = folder;
  }

  @Override
  public Map<String, Double> facts() {
    return Map.of();
  }

  @Override
  public Map<String, Double> run(Arguments arguments) throws Exception {
    Configuration config = new Configuration();
    config.set(PipelineOptions.NAME, "bench-" + UUID.randomUUID());
    config.set(CoreOptions.DEFAULT_PARALLELISM, arguments.integer("slots"));
    config.set(
        CheckpointingOptions.CHECKPOINTING_INTERVAL,
        Duration.ofMillis(arguments.integer("checkpoints")));
    config.set(
        CheckpointingOptions.CHECKPOINTS_DIRECTORY,
        folder.resolve("checkpoints").toUri().toString());
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(config);
    builder.build(environment, config, arguments);
    JobClient job = environment.executeAsync(config.get(PipelineOptions.NAME));
    try (Topics topics = new Topics(arguments.text("servers"))) {
      topics.awaitOutput(arguments.text("output"));
      Thread.sleep((long) (arguments.number("warmup") * 1000));
      Allocation before = Allocation.now();
      Map<String, Double> figures = new HashMap<>();
      if (arguments.values().containsKey(Arguments.PROFILE)) {
        figures.putAll(TaskProfile.sample(arguments.nanos()));
      } else {
        Thread.sleep(TimeUnit.NANOSECONDS.toMillis(arguments.nanos()));
      }
      Allocation after = Allocation.now();
      figures.put(Figures.TASK_BYTES, after.taskBytesPerSecondSince(before));
      figures.put(Figures.ALL_BYTES, after.bytesPerSecondSince(before));
      return figures;
    } finally {
      cancel(job);
    }
  }

  private static void cancel(JobClient job) throws Exception {
    job.cancel().get();
    try {
      job.getJobExecutionResult().get(Duration.ofMinutes(1).toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      // A cancelled job has no result.
    }
  }

  @Override
  public void close() {}
}
