// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.top;

import io.imageembedding.cli.cluster.ClusterJob;
import io.imageembedding.cli.cluster.JobSnapshot;
import io.imageembedding.cli.figures.JobFigures;
import io.imageembedding.cli.figures.StatusLine;
import io.imageembedding.cli.output.Screen;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.flink.annotation.Internal;

/** How a job is shown: a screen that is written over, lines, or JSON. */
@Internal
public interface JobView {

  void show(JobSnapshot snapshot, JobFigures figures);

  /** Says what happens beside the job. */
  void say(String line);

  /** One object a line, on {@code out}. */
  static JobView json(ClusterJob job, boolean subtasks, PrintWriter out, PrintWriter err) {
    return new JobView() {
      @Override
      public void show(JobSnapshot snapshot, JobFigures figures) {
        out.println(TopJson.line(job, snapshot, figures, subtasks));
        out.flush();
      }

      @Override
      public void say(String line) {
        err.println(line);
      }
    };
  }

  /** One line at a time, and one more for each subtask. */
  static JobView lines(ClusterJob job, boolean subtasks, PrintWriter out, PrintWriter err) {
    return new JobView() {
      @Override
      public void show(JobSnapshot snapshot, JobFigures figures) {
        String time = time() + " ";
        out.println(
            time
                + job.name()
                + " "
                + snapshot.state()
                + ": "
                + StatusLine.of(figures.job(), snapshot.restarts(), snapshot.checkpoints()));
        if (subtasks) {
          figures
              .subtasks()
              .forEach(
                  (subtask, own) -> out.println(time + "  " + StatusLine.ofSubtask(subtask, own)));
        }
        out.flush();
      }

      @Override
      public void say(String line) {
        err.println(time() + " " + line);
      }
    };
  }

  /** Tables that are written over. */
  static JobView screen(ClusterJob job, String address, boolean subtasks, Screen screen) {
    return new JobView() {
      private List<String> shown = List.of();

      @Override
      public void show(JobSnapshot snapshot, JobFigures figures) {
        shown = TopScreen.lines(job.name(), address, snapshot, figures, subtasks);
        screen.show(shown);
      }

      @Override
      public void say(String line) {
        List<String> lines = new ArrayList<>(shown);
        lines.add(time() + " " + line);
        screen.show(lines);
      }
    };
  }

  private static String time() {
    return LocalTime.now()
        .truncatedTo(ChronoUnit.SECONDS)
        .format(DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT));
  }
}
