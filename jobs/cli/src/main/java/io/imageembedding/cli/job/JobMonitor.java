// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.kafka.FailureDescription;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.checkpoint.FailedCheckpointStats;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.scheduler.ExecutionGraphInfo;
import org.apache.flink.runtime.scheduler.exceptionhistory.RootExceptionHistoryEntry;

/**
 * Says what a job in this process does: one line for each failure, for each restart, for each
 * checkpoint that failed and for brokers that went away, when it happens, and how far the job is.
 * On a terminal the latter is one line that is written over; elsewhere it is one every half minute.
 */
@Internal
public final class JobMonitor implements AutoCloseable {
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration FIRST_LINE = Duration.ofSeconds(5);
  private static final Duration NEXT_LINE = Duration.ofSeconds(30);
  private static final long PATIENCE_SECONDS = 5;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

  private final LocalFlink flink;
  private final JobID job;
  private final PrintWriter err;
  private final boolean terminal;
  private final ScheduledExecutorService looking =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "job monitor");
            thread.setDaemon(true);
            return thread;
          });

  private volatile String lastFailure;
  private long lastFailureTime;
  private boolean down;
  private long lastFailedCheckpoint = -1;
  private long disconnectedSince = -1;
  private boolean connectedOnce;
  private int restarts;
  private String checkpoint = "none yet";
  private long lastIn;
  private long lastLook = System.nanoTime();
  private double rate;
  private long nextLine = System.nanoTime() + FIRST_LINE.toNanos();
  private int shown;

  public JobMonitor(LocalFlink flink, JobID job, PrintWriter err, boolean terminal) {
    this.flink = flink;
    this.job = job;
    this.err = err;
    this.terminal = terminal;
  }

  public void start() {
    looking.scheduleWithFixedDelay(
        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The latest failure of the job in one line; null if there was none. */
  String lastFailure() {
    return lastFailure;
  }

  /** What was done, in one line. */
  String summary() {
    JobMetrics metrics = flink.metrics();
    return "images in "
        + metrics.imagesIn()
        + ", out "
        + metrics.imagesOut()
        + ", refused "
        + metrics.imagesRefused()
        + ", restarts "
        + restarts;
  }

  private void look() {
    MiniCluster cluster = flink.cluster().orElse(null);
    if (cluster == null || !cluster.isRunning()) {
      return;
    }
    try {
      ExecutionGraphInfo graph =
          cluster.getExecutionGraphInfo(job).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      failures(graph);
      checkpoints(graph.getArchivedExecutionGraph().getCheckpointStatsSnapshot());
      brokers(graph.getArchivedExecutionGraph().getState() == JobStatus.RUNNING && !down);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      // The cluster is just starting or ending, or has too much to do; the next look tells more.
      return;
    }
    status();
  }

  private void failures(ExecutionGraphInfo graph) {
    for (RootExceptionHistoryEntry failure : graph.getExceptionHistory()) {
      if (failure.getTimestamp() > lastFailureTime) {
        lastFailureTime = failure.getTimestamp();
        lastFailure = FailureDescription.of(failure.getException());
        JobStatus state = graph.getArchivedExecutionGraph().getState();
        if (state == JobStatus.FAILING || state.isGloballyTerminalState()) {
          // It is not started again; whoever waits for it says so.
          return;
        }
        restarts++;
        down = true;
        String task = failure.getFailingTaskName();
        say(
            failure.getTimestamp(),
            "the job failed"
                + (task == null ? "" : " in " + task.replaceAll(" -> .*", " -> …"))
                + ": "
                + lastFailure
                + "; it is started again from its last checkpoint");
      }
    }
    if (down && isRunning(graph)) {
      down = false;
      say(System.currentTimeMillis(), "the job runs again");
    }
  }

  private static boolean isRunning(ExecutionGraphInfo graph) {
    for (var task : graph.getArchivedExecutionGraph().getAllExecutionVertices()) {
      switch (task.getExecutionState()) {
        case RUNNING, FINISHED -> {}
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  private void checkpoints(CheckpointStatsSnapshot stats) {
    if (stats == null) {
      return;
    }
    CompletedCheckpointStats completed = stats.getHistory().getLatestCompletedCheckpoint();
    if (completed != null) {
      long age = System.currentTimeMillis() - completed.getLatestAckTimestamp();
      checkpoint = completed.getCheckpointId() + ", " + Math.max(0, age / 1000) + " s ago";
    }
    FailedCheckpointStats failed = stats.getHistory().getLatestFailedCheckpoint();
    if (failed != null && failed.getCheckpointId() > lastFailedCheckpoint) {
      lastFailedCheckpoint = failed.getCheckpointId();
      if (!down) {
        say(
            failed.getFailureTimestamp(),
            "checkpoint "
                + failed.getCheckpointId()
                + " failed: "
                + FailureDescription.line(String.valueOf(failed.getFailureMessage())));
      }
    }
  }

  private void brokers(boolean running) {
    OptionalLong connections = flink.metrics().connections();
    long now = System.currentTimeMillis();
    boolean connected = connections.isEmpty() || connections.getAsLong() > 0;
    connectedOnce |= connections.isPresent() && connected;
    if (!connected && connectedOnce && running && disconnectedSince < 0) {
      disconnectedSince = now;
      say(now, "no Kafka broker is connected; the job waits for them");
    } else if (connected && disconnectedSince >= 0) {
      say(
          now,
          "a Kafka broker is connected again after " + (now - disconnectedSince) / 1000 + " s");
      disconnectedSince = -1;
    }
  }

  private void status() {
    long now = System.nanoTime();
    long in = flink.metrics().imagesIn();
    double seconds = (now - lastLook) / 1e9;
    // The rate of some ten seconds, so that a number can be read.
    double weight = Math.min(1, seconds / 10);
    rate += weight * ((in - lastIn) / seconds - rate);
    lastIn = in;
    lastLook = now;
    if (terminal) {
      show(line());
    } else if (now - nextLine >= 0) {
      nextLine = now + NEXT_LINE.toNanos();
      say(System.currentTimeMillis(), line());
    }
  }

  private String line() {
    OptionalLong lag = flink.metrics().lag();
    return summary()
        + String.format(Locale.ROOT, ", %.1f/s", rate)
        + (lag.isPresent() ? ", lag " + lag.getAsLong() : "")
        + ", checkpoint "
        + checkpoint;
  }

  private synchronized void show(String line) {
    err.print("\r" + line + " ".repeat(Math.max(0, shown - line.length())));
    shown = line.length();
    err.flush();
  }

  private synchronized void say(long time, String line) {
    clear();
    err.println(TIME.format(Instant.ofEpochMilli(time)) + " " + line);
    err.flush();
  }

  private void clear() {
    if (shown > 0) {
      err.print("\r" + " ".repeat(shown) + "\r");
      shown = 0;
    }
  }

  /** Nothing is written after this. */
  @Override
  public void close() {
    looking.shutdownNow();
    synchronized (this) {
      clear();
      err.flush();
    }
  }
}
