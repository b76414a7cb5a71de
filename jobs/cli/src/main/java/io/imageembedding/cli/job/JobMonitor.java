// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.cli.figures.Checkpoints;
import io.imageembedding.cli.figures.FigureWindow;
import io.imageembedding.cli.figures.Figures;
import io.imageembedding.cli.figures.StatusLine;
import io.imageembedding.cli.output.TerminalSize;
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
import java.util.function.Supplier;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.checkpoint.CheckpointStatsCounts;
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
  private final Supplier<TerminalSize> terminal;
  private final FigureWindow figures = new FigureWindow();
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
  private Checkpoints checkpoints = Checkpoints.NONE;
  private long nextLine = System.nanoTime() + FIRST_LINE.toNanos();
  private int shown;

  /**
   * @param terminal that {@code err} is; null if it is none
   */
  public JobMonitor(LocalFlink flink, JobID job, PrintWriter err, Supplier<TerminalSize> terminal) {
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
    return StatusLine.summary(figures(), restarts);
  }

  private Figures figures() {
    return figures.update(flink.metrics().reading()).job();
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
    CheckpointStatsCounts counts = stats.getCounts();
    checkpoints =
        completed == null
            ? new Checkpoints(
                null,
                null,
                null,
                null,
                counts.getNumberOfCompletedCheckpoints(),
                counts.getNumberOfFailedCheckpoints())
            : new Checkpoints(
                completed.getCheckpointId(),
                System.currentTimeMillis() - completed.getLatestAckTimestamp(),
                completed.getStateSize(),
                completed.getEndToEndDuration(),
                counts.getNumberOfCompletedCheckpoints(),
                counts.getNumberOfFailedCheckpoints());
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
    String line = StatusLine.of(figures(), restarts, checkpoints);
    long now = System.nanoTime();
    if (terminal != null) {
      show(TerminalSize.cut(line, terminal.get().columns() - 1));
    } else if (now - nextLine >= 0) {
      nextLine = now + NEXT_LINE.toNanos();
      say(System.currentTimeMillis(), line);
    }
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
