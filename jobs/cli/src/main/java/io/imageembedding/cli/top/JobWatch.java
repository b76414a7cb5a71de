// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.top;

import io.imageembedding.cli.cluster.ClusterJob;
import io.imageembedding.cli.cluster.FlinkRest;
import io.imageembedding.cli.cluster.JobReader;
import io.imageembedding.cli.cluster.JobSnapshot;
import io.imageembedding.cli.cluster.RestFailure;
import io.imageembedding.cli.figures.FigureWindow;
import io.imageembedding.cli.figures.JobFigures;
import io.imageembedding.cli.output.CommandFailure;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.annotation.Internal;

/**
 * Looks at a job until it ends, or its cluster does not answer for {@value #PATIENCE_SECONDS} s.
 */
@Internal
public final class JobWatch {
  private static final int PATIENCE_SECONDS = 60;

  private final FlinkRest rest;
  private final ClusterJob job;
  private final Duration interval;
  private final boolean subtasks;
  private final JobView view;
  private final FigureWindow figures = new FigureWindow();

  public JobWatch(
      FlinkRest rest, ClusterJob job, Duration interval, boolean subtasks, JobView view) {
    this.rest = rest;
    this.job = job;
    this.interval = interval;
    this.subtasks = subtasks;
    this.view = view;
  }

  /**
   * Shows the job at each interval.
   *
   * @return how it was when it had ended
   * @throws CommandFailure if the cluster does not answer
   */
  public JobSnapshot toItsEnd() throws InterruptedException {
    JobReader reader = new JobReader(rest, job, subtasks);
    long answered = System.nanoTime();
    boolean silent = false;
    while (true) {
      long began = System.nanoTime();
      try {
        JobSnapshot snapshot = reader.read();
        JobFigures now = figures.update(snapshot.reading());
        answered = System.nanoTime();
        silent = false;
        view.show(snapshot, now);
        if (snapshot.hasEnded()) {
          return snapshot;
        }
      } catch (RestFailure e) {
        long silentFor = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - answered);
        if (silentFor >= PATIENCE_SECONDS) {
          throw new CommandFailure(e.getMessage() + ", for " + silentFor + " s now", e);
        }
        if (!silent) {
          view.say(e.getMessage() + "; it is asked again");
          silent = true;
        }
      }
      long left = interval.toNanos() - (System.nanoTime() - began);
      new CountDownLatch(1).await(Math.max(0, left), TimeUnit.NANOSECONDS);
    }
  }
}
