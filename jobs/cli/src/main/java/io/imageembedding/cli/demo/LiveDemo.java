// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.demo;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Failures;
import io.imageembedding.cli.page.PageServer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.annotation.Internal;
import org.apache.flink.core.execution.JobClient;

/** Broker, page and job of a demonstration that runs until Ctrl-C, and is then taken down. */
@Internal
public final class LiveDemo implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 20;

  private final EmbeddedKafka kafka;
  private final PageServer page;
  private final JobClient job;
  private boolean closed;

  public LiveDemo(EmbeddedKafka kafka, PageServer page, JobClient job) {
    this.kafka = kafka;
    this.page = page;
    this.job = job;
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "end demo"));
  }

  public PageServer page() {
    return page;
  }

  /**
   * Waits for the job to end, as long as may be.
   *
   * @throws CommandFailure if it ended although nobody ended it
   */
  public void await() throws InterruptedException {
    try {
      job.getJobExecutionResult().get();
    } catch (ExecutionException e) {
      requireRunning();
    }
  }

  /**
   * @throws CommandFailure if the job ended although nobody ended it
   */
  public synchronized void requireRunning() throws InterruptedException {
    if (closed || !job.getJobExecutionResult().isDone()) {
      return;
    }
    try {
      job.getJobExecutionResult().get();
    } catch (ExecutionException e) {
      throw new CommandFailure("the job failed: " + Failures.describe(e), e);
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (kafka;
        page) {
      job.cancel().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      job.getJobExecutionResult().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // It is cancelled, or ends with the process.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
