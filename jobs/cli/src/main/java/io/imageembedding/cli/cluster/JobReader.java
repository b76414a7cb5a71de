// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.cli.figures.Checkpoints;
import io.imageembedding.cli.figures.Reading;
import io.imageembedding.kafka.FailureDescription;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.annotation.Internal;

/**
 * Reads what a cluster knows of a job.
 *
 * <p>A cluster fetches the metrics of its tasks when it is asked for them and its last copy is
 * older than {@code metrics.fetcher.update-interval} (10 s), and answers with the copy that it has.
 * So when something was counted is not when it was asked for. The job's own {@code uptime} is
 * fetched with the others and says it: a reading is one of which it is the same before and behind.
 * It begins anew with each restart.
 */
@Internal
public final class JobReader {
  private static final String CLOCK = "uptime";
  private static final String RESTARTS = "numRestarts";

  /** For a copy that the first question made the cluster fetch. */
  private static final long FETCH_MILLIS = 250;

  private static final int MAX_TRIES = 4;
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final FlinkRest rest;
  private final String job;
  private final boolean places;
  private Reading last = new Reading(0, 0, Map.of(), Map.of());
  private long restarts;

  /**
   * @param places whether to ask where the subtasks are, too
   */
  public JobReader(FlinkRest rest, ClusterJob job, boolean places) {
    this.rest = rest;
    this.job = "/jobs/" + job.id();
    this.places = places;
  }

  /** The job as it is now. */
  public JobSnapshot read() throws RestFailure, InterruptedException {
    rest.begin(LONGEST);
    JsonNode details = rest.get(job);
    String state = details.path("state").asText();
    if (state.isEmpty() || !details.path("vertices").isArray()) {
      throw new RestFailure(rest.address() + " does not say how the job is", 0);
    }
    readMetrics(details.path("vertices"));
    return new JobSnapshot(
        state,
        details.path("duration").asLong(),
        restarts,
        last,
        checkpoints(details.path("now").asLong()),
        state.equals("FAILED") ? failure() : null,
        places ? places(details.path("vertices")) : Map.of());
  }

  /** What is not counted any more stays as it was counted last. */
  private void readMetrics(JsonNode vertices) throws RestFailure, InterruptedException {
    clock();
    for (int tried = 0; tried < MAX_TRIES; tried++) {
      pause();
      OptionalLong before = clock();
      if (before.isEmpty()) {
        continue;
      }
      if (before.getAsLong() == last.millis() && restarts == last.era()) {
        return;
      }
      VertexMetrics metrics = new VertexMetrics(rest);
      for (JsonNode vertex : vertices) {
        if (isId(vertex)) {
          metrics.read(path(vertex), vertex.path("parallelism").asInt());
        }
      }
      if (clock().equals(before) || tried == MAX_TRIES - 1) {
        last = metrics.reading(restarts, before.getAsLong());
        return;
      }
    }
  }

  private String path(JsonNode vertex) {
    return job + "/vertices/" + vertex.path("id").asText();
  }

  private static boolean isId(JsonNode vertex) {
    return vertex.path("id").asText().matches("[0-9a-f]{32}");
  }

  private static void pause() throws InterruptedException {
    new CountDownLatch(1).await(FETCH_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Since when the job runs without a failure; empty as long as nothing was fetched. */
  private OptionalLong clock() throws RestFailure, InterruptedException {
    Map<String, Long> known = new HashMap<>();
    for (JsonNode metric : rest.get(job + "/metrics?get=" + CLOCK + "," + RESTARTS)) {
      VertexMetrics.number(metric).ifPresent(value -> known.put(metric.path("id").asText(), value));
    }
    restarts = known.getOrDefault(RESTARTS, restarts);
    Long clock = known.get(CLOCK);
    return clock == null ? OptionalLong.empty() : OptionalLong.of(clock);
  }

  private Checkpoints checkpoints(long now) throws RestFailure, InterruptedException {
    JsonNode all = rest.get(job + "/checkpoints");
    JsonNode newest = all.at("/latest/completed");
    boolean some = newest.path("id").isNumber();
    return new Checkpoints(
        some ? newest.path("id").asLong() : null,
        some ? Math.max(0, now - newest.path("latest_ack_timestamp").asLong()) : null,
        some ? newest.path("state_size").asLong() : null,
        some ? newest.path("end_to_end_duration").asLong() : null,
        all.at("/counts/completed").asLong(),
        all.at("/counts/failed").asLong());
  }

  private String failure() throws RestFailure, InterruptedException {
    String trace =
        rest.get(job + "/exceptions").at("/exceptionHistory/entries/0/stacktrace").asText("");
    return FailureDescription.line(trace.lines().findFirst().orElse("Flink does not say why"));
  }

  private Map<Integer, JobSnapshot.Place> places(JsonNode vertices)
      throws RestFailure, InterruptedException {
    Map<Integer, JobSnapshot.Place> places = new TreeMap<>();
    for (JsonNode vertex : vertices) {
      if (!isId(vertex)) {
        continue;
      }
      for (JsonNode subtask : rest.get(path(vertex)).path("subtasks")) {
        places.putIfAbsent(
            subtask.path("subtask").asInt(),
            new JobSnapshot.Place(
                subtask.path("status").asText(),
                subtask.path("endpoint").asText(),
                subtask.path("attempt").asInt()));
      }
    }
    return places;
  }
}
