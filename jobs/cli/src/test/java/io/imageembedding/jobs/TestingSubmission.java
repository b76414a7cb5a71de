// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.api.dag.Pipeline;
import org.apache.flink.client.program.StreamContextEnvironment;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.PipelineExecutor;
import org.apache.flink.core.execution.PipelineExecutorFactory;
import org.apache.flink.core.execution.PipelineExecutorServiceLoader;
import org.apache.flink.streaming.api.graph.StreamGraph;

/**
 * What {@code flink run} does with a program, as far as the submission itself, which is kept here
 * and goes nowhere.
 */
final class TestingSubmission implements PipelineExecutorServiceLoader, AutoCloseable {
  private static final String TARGET = "remote";

  private StreamGraph submitted;

  /** An environment as the cluster's configuration and {@code flink run -D} make it. */
  TestingSubmission(Configuration environment) {
    this(environment, List.of());
  }

  /** The same in application mode, where Flink has kept jobs of before. */
  TestingSubmission(Configuration environment, List<JobInfo> recovered) {
    environment.setString("execution.target", TARGET);
    StreamContextEnvironment.setAsContext(
        this,
        environment,
        TestingSubmission.class.getClassLoader(),
        1,
        1,
        true,
        null,
        null,
        recovered);
  }

  /** Runs the program's main as {@code flink run} does, and gives what it submits. */
  StreamGraph run(String... arguments) throws Exception {
    try {
      EmbedImagesJob.main(arguments);
    } catch (Submitted e) {
      return submitted;
    }
    throw new AssertionError("nothing was submitted");
  }

  @Override
  public PipelineExecutorFactory getExecutorFactory(Configuration configuration) {
    return new PipelineExecutorFactory() {
      @Override
      public String getName() {
        return TARGET;
      }

      @Override
      public boolean isCompatibleWith(Configuration configuration) {
        return true;
      }

      @Override
      public PipelineExecutor getExecutor(Configuration configuration) {
        return TestingSubmission.this::submit;
      }
    };
  }

  private CompletableFuture<JobClient> submit(
      Pipeline pipeline, Configuration configuration, ClassLoader classLoader) throws Submitted {
    submitted = (StreamGraph) pipeline;
    throw new Submitted();
  }

  @Override
  public Stream<String> getExecutorNames() {
    return Stream.of(TARGET);
  }

  @Override
  public void close() {
    StreamContextEnvironment.unsetAsContext();
  }

  private static final class Submitted extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
