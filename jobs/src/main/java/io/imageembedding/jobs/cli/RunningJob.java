// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;

/** A job in this process, which is stopped with a savepoint when the process is asked to end. */
final class RunningJob {
  private static final long PATIENCE_SECONDS = 60;

  private final JobClient client;
  private final Path checkpoints;
  private final PrintWriter err;
  private volatile boolean ended;
  private volatile boolean stopping;

  RunningJob(JobClient client, Path checkpoints, PrintWriter err) {
    this.client = client;
    this.checkpoints = checkpoints;
    this.err = err;
  }

  void stopOnShutdown() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop job"));
  }

  private void stop() {
    if (ended) {
      return;
    }
    stopping = true;
    err.println("stopping …");
    err.flush();
    String path = checkpoints.resolve("savepoints").toUri().toString();
    try {
      String savepoint =
          client
              .stopWithSavepoint(false, path, SavepointFormatType.CANONICAL)
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      err.println("stopped; everything read so far is written. Go on with: --restore " + savepoint);
    } catch (ExecutionException | TimeoutException e) {
      err.println("could not stop cleanly. Go on from the last checkpoint with: --restore latest");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    err.flush();
  }

  /** Waits until the job ends by itself or is stopped. */
  void await() throws InterruptedException {
    try {
      client.getJobExecutionResult().get();
      ended = true;
    } catch (ExecutionException e) {
      if (stopping) {
        return;
      }
      ended = true;
      throw new CommandFailure(
          "the job failed: " + Failures.describe(e) + "; go on with: --restore latest", e);
    }
  }
}
