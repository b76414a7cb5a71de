// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.awaitility.Awaitility;

/** What a cluster's JobManager says and takes over its REST interface. */
final class FlinkRest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final String address;

  FlinkRest(int port) {
    address = "http://localhost:" + port;
  }

  private JsonNode ask(String path, String method, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address + path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build();
    var answer = client.send(request, BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(path + " answered " + answer.statusCode() + ": " + answer.body());
    }
    return answer.body().isEmpty() ? JSON.nullNode() : JSON.readTree(answer.body());
  }

  JsonNode get(String path) throws IOException, InterruptedException {
    return ask(path, "GET", null);
  }

  /** Slots that no job has, of all TaskManagers that are registered; 0 without a JobManager. */
  int freeSlots() throws InterruptedException {
    try {
      return get("/overview").path("slots-available").asInt();
    } catch (IOException e) {
      return 0;
    }
  }

  /** The job's state by Flink's name; UNKNOWN without a JobManager that knows it. */
  String state(String job) throws InterruptedException {
    try {
      return get("/jobs/" + job).path("state").asText("UNKNOWN");
    } catch (IOException e) {
      return "UNKNOWN";
    }
  }

  /**
   * When the newest completed checkpoint was begun, as milliseconds since 1970; 0: there is none.
   */
  long lastCheckpointBegun(String job) throws InterruptedException {
    try {
      return get("/jobs/" + job + "/checkpoints")
          .at("/latest/completed/trigger_timestamp")
          .asLong();
    } catch (IOException e) {
      return 0;
    }
  }

  /** Number of the newest completed checkpoint, which grows over restarts; 0: there is none. */
  long lastCheckpointNumber(String job) throws InterruptedException {
    try {
      return get("/jobs/" + job + "/checkpoints").at("/latest/completed/id").asLong();
    } catch (IOException e) {
      return 0;
    }
  }

  /** Of the job's checkpoints: {@code completed}, {@code failed}, {@code restored}. */
  long checkpoints(String job, String kind) throws IOException, InterruptedException {
    return get("/jobs/" + job + "/checkpoints").at("/counts/" + kind).asLong();
  }

  /** Sum of an operator's metric over all subtasks; 0: none has it yet. */
  long metric(String job, String name) throws IOException, InterruptedException {
    long sum = 0;
    for (JsonNode vertex : get("/jobs/" + job).path("vertices")) {
      String metrics = "/jobs/" + job + "/vertices/" + vertex.path("id").asText() + "/metrics";
      for (JsonNode each : get(metrics)) {
        String id = each.path("id").asText();
        if (id.endsWith("." + name)) {
          sum += get(metrics + "?get=" + id).at("/0/value").asLong();
        }
      }
    }
    return sum;
  }

  /** Where the newest completed checkpoint lies. */
  String lastCheckpointPath(String job) throws IOException, InterruptedException {
    return get("/jobs/" + job + "/checkpoints").at("/latest/completed/external_path").asText();
  }

  /** What Flink shows of the newest failure, its causes line by line; empty: there is none. */
  String failure(String job) throws InterruptedException {
    try {
      JsonNode entry = get("/jobs/" + job + "/exceptions").at("/exceptionHistory/entries/0");
      StringBuilder lines = new StringBuilder();
      entry
          .path("stacktrace")
          .asText("")
          .lines()
          .filter(line -> !line.startsWith("\tat ") && !line.startsWith("\t..."))
          .forEach(line -> lines.append(line).append('\n'));
      return lines.toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** TaskManagers, by resource id, in which tasks of the job are. */
  Set<String> taskManagersOf(String job) throws IOException, InterruptedException {
    Set<String> ids = new TreeSet<>();
    for (JsonNode vertex : get("/jobs/" + job).path("vertices")) {
      JsonNode all =
          get("/jobs/" + job + "/vertices/" + vertex.path("id").asText() + "/taskmanagers");
      all.path("taskmanagers").forEach(each -> ids.add(each.path("taskmanager-id").asText()));
    }
    return ids;
  }

  void cancel(String job) throws IOException, InterruptedException {
    ask("/jobs/" + job + "?mode=cancel", "PATCH", null);
  }

  /** Stops the job; what it answers is where it can go on. */
  String stopWithSavepoint(String job, Path folder, Duration patience)
      throws IOException, InterruptedException {
    String order =
        JSON.writeValueAsString(
            Map.of("targetDirectory", folder.toUri().toString(), "drain", false));
    String request = ask("/jobs/" + job + "/stop", "POST", order).path("request-id").asText();
    String path = "/jobs/" + job + "/savepoints/" + request;
    JsonNode[] last = new JsonNode[1];
    Awaitility.await("the savepoint of job " + job)
        .atMost(patience)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              last[0] = get(path);
              return last[0].at("/status/id").asText().equals("COMPLETED");
            });
    JsonNode location = last[0].at("/operation/location");
    if (location.isMissingNode()) {
      throw new IOException(
          "no savepoint: "
              + last[0].at("/operation/failure-cause/stack-trace").asText().lines().findFirst());
    }
    return location.asText();
  }
}
