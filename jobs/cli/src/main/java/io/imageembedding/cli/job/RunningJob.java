// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Failures;
import io.imageembedding.jobs.JobPaths;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.annotation.Internal;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;

/** A job in this process, which is stopped with a savepoint when the process is asked to end. */
@Internal
public final class RunningJob {
  private static final long PATIENCE_SECONDS = 60;

  private final JobClient client;
  private final Path checkpoints;
  private final JobMonitor monitor;
  private final PrintWriter err;
  private volatile boolean ended;
  private volatile boolean stopping;

  public RunningJob(JobClient client, Path checkpoints, JobMonitor monitor, PrintWriter err) {
    this.client = client;
    this.checkpoints = checkpoints;
    this.monitor = monitor;
    this.err = err;
  }

  public void stopOnShutdown() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop job"));
  }

  private void stop() {
    if (ended) {
      return;
    }
    stopping = true;
    monitor.close();
    err.println("stopping …");
    err.flush();
    String path = JobPaths.address(checkpoints.resolve("savepoints"));
    try {
      String savepoint =
          client
              .stopWithSavepoint(false, path, SavepointFormatType.CANONICAL)
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      err.println(
          "stopped; everything read so far is written ("
              + monitor.summary()
              + "). Go on with: --restore "
              + savepoint);
    } catch (ExecutionException e) {
      couldNotStop(Failures.describe(e));
    } catch (TimeoutException e) {
      couldNotStop("there was no savepoint within " + PATIENCE_SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    err.flush();
  }

  private void couldNotStop(String why) {
    String failure = monitor.lastFailure();
    err.println(
        "could not stop cleanly: "
            + why
            + (failure == null ? "" : "; the job's last failure: " + failure)
            + ". Go on from the last checkpoint with: --restore latest");
  }

  /** Waits until the job ends by itself or is stopped. */
  public void await() throws InterruptedException {
    try {
      client.getJobExecutionResult().get();
      ended = true;
      if (!stopping) {
        monitor.close();
        err.println("the job has read its input to the end: " + monitor.summary());
        err.flush();
      }
    } catch (ExecutionException e) {
      if (stopping) {
        return;
      }
      ended = true;
      monitor.close();
      throw new CommandFailure(
          "the job failed: " + Failures.describe(e) + "; go on with: --restore latest", e);
    }
  }
}
