// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** Flink's SQL gateway in a process, started by the script of a distribution, and one session. */
final class SqlGateway implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();
  private final ChildProcess process;
  private final String address;
  private final Path log;
  private String session;

  private SqlGateway(ChildProcess process, String address, Path log) {
    this.process = process;
    this.address = address;
    this.log = log;
  }

  /**
   * Starts it, and a session of it.
   *
   * @param home of the distribution, whose configuration says where the cluster is
   */
  static SqlGateway start(Path home) throws IOException, InterruptedException {
    int port = FreePort.find();
    Path log = home.resolve("sql-gateway.log");
    ProcessBuilder builder =
        new ProcessBuilder(
                home.resolve("bin/sql-gateway.sh").toString(),
                "start-foreground",
                "-Dsql-gateway.endpoint.rest.address=127.0.0.1",
                "-Dsql-gateway.endpoint.rest.port=" + port)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("FLINK_CONF_DIR", home.resolve("conf").toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    SqlGateway gateway =
        new SqlGateway(
            new ChildProcess("sql gateway", builder.start()), "http://127.0.0.1:" + port, log);
    try {
      Awaitility.await().atMost(PATIENCE).ignoreExceptions().until(gateway::openSession);
    } catch (RuntimeException e) {
      gateway.process.close();
      throw new IOException("the gateway does not start; see " + log, e);
    }
    return gateway;
  }

  private boolean openSession() throws IOException, InterruptedException {
    session = ask("POST", "/v3/sessions", Map.of()).path("sessionHandle").asText();
    return !session.isEmpty();
  }

  /**
   * Runs a statement, and gives what it answers; of an INSERT, the job's id.
   *
   * @throws IOException with the gateway's own words, if it refuses the statement
   */
  List<JsonNode> run(String statement) throws IOException, InterruptedException {
    String operation =
        ask("POST", "/v3/sessions/" + session + "/statements", Map.of("statement", statement))
            .path("operationHandle")
            .asText();
    String next =
        "/v3/sessions/" + session + "/operations/" + operation + "/result/0?rowFormat=JSON";
    List<JsonNode> rows = new ArrayList<>();
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!next.isEmpty()) {
      JsonNode page = ask("GET", next, null);
      page.at("/results/data").forEach(row -> rows.add(row.path("fields")));
      next =
          page.path("resultType").asText().equals("EOS") ? "" : page.path("nextResultUri").asText();
      if (System.nanoTime() > end) {
        throw new IOException("no end of results: " + statement);
      }
      if (page.path("resultType").asText().equals("NOT_READY")) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
    return rows;
  }

  private JsonNode ask(String method, String path, Object body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address + path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString(JSON.writeValueAsString(body)))
            .build();
    HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(answer.body());
    }
    return JSON.readTree(answer.body());
  }

  @Override
  public void close() throws InterruptedException {
    process.close();
  }
}
