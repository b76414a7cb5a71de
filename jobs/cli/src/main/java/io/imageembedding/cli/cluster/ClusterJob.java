// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.safety.Printable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.annotation.Internal;

/**
 * A job of a cluster.
 *
 * @param id 32 hexadecimal digits
 */
@Internal
public record ClusterJob(String id, String name, boolean ended, long started) {
  private static final int MAX_NAMED = 10;

  /**
   * The job that is meant: one of that name or id, or without any the one that runs.
   *
   * @param wanted null if none was named
   * @throws CommandFailure if there is none, or more than one, naming them
   */
  public static ClusterJob choose(FlinkRest rest, String wanted)
      throws RestFailure, InterruptedException {
    List<ClusterJob> all = all(rest);
    List<ClusterJob> meant =
        all.stream()
            .filter(
                job ->
                    wanted == null ? !job.ended : wanted.equals(job.id) || wanted.equals(job.name))
            .toList();
    List<ClusterJob> running = meant.stream().filter(job -> !job.ended).toList();
    if (running.size() == 1) {
      return running.get(0);
    }
    if (running.size() > 1) {
      throw new CommandFailure(
          running.size()
              + (wanted == null
                  ? " jobs run at "
                  : " jobs of the name " + Printable.line(wanted) + " run at ")
              + rest.address()
              + "; choose one by --job: "
              + named(running));
    }
    return meant.stream()
        .max(Comparator.comparingLong(ClusterJob::started))
        .orElseThrow(
            () ->
                new CommandFailure(
                    wanted == null
                        ? "no job runs at " + rest.address()
                        : "no job of the name or id "
                            + Printable.line(wanted)
                            + " is at "
                            + rest.address()
                            + "; there "
                            + (all.isEmpty() ? "is none" : "are: " + named(all))));
  }

  private static List<ClusterJob> all(FlinkRest rest) throws RestFailure, InterruptedException {
    JsonNode jobs = rest.get("/jobs/overview").path("jobs");
    if (!jobs.isArray()) {
      throw new RestFailure(
          rest.address() + " answers, but not as Flink's REST interface does: there are no jobs",
          0);
    }
    List<ClusterJob> all = new ArrayList<>();
    for (JsonNode job : jobs) {
      String id = job.path("jid").asText();
      if (id.matches("[0-9a-f]{32}")) {
        all.add(
            new ClusterJob(
                id,
                job.path("name").asText(),
                isEnd(job.path("state").asText()),
                job.path("start-time").asLong()));
      }
    }
    return all;
  }

  /** Whether a job in this state, by Flink's name, does not go on. */
  static boolean isEnd(String state) {
    return state.equals("FINISHED") || state.equals("CANCELED") || state.equals("FAILED");
  }

  private static String named(List<ClusterJob> jobs) {
    return jobs.stream()
            .limit(MAX_NAMED)
            .map(job -> Printable.line(job.name) + " (" + job.id + ")")
            .collect(Collectors.joining(", "))
        + (jobs.size() > MAX_NAMED ? ", …" : "");
  }
}
