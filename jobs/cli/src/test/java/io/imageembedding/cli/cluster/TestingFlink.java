// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/**
 * A REST interface of one vertex with two subtasks, which answers as Flink's does or not at all as
 * it does. Each look at the job sees the next of its moments, the last one again and again.
 */
public final class TestingFlink implements AutoCloseable {
  public static final String JOB = "0123456789abcdef0123456789abcdef";
  private static final String VERTEX = "fedcba9876543210fedcba9876543210";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @param uptime as Flink's metric; null: it was not fetched yet
   * @param metrics by subtask and name
   */
  public record Moment(String state, Long uptime, int restarts, Map<String, Long> metrics) {}

  /** Answers one request. */
  public interface Answering {
    void answer(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<String, Map<String, Object>> jobs = new LinkedHashMap<>();
  private final List<Moment> moments = new ArrayList<>();
  private final Answering before;
  private int looks;

  private TestingFlink(Answering before, SSLContext tls) throws IOException {
    this.before = before;
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    if (tls == null) {
      server = HttpServer.create(any, 0);
    } else {
      HttpsServer secure = HttpsServer.create(any, 0);
      secure.setHttpsConfigurator(new HttpsConfigurator(tls));
      server = secure;
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** One that answers as Flink does. */
  public static TestingFlink start() throws IOException {
    return new TestingFlink(null, null);
  }

  /** One that is spoken to by TLS. */
  static TestingFlink start(SSLContext tls) throws IOException {
    return new TestingFlink(null, tls);
  }

  /** One that answers everything that way. */
  public static TestingFlink answering(Answering answering) throws IOException {
    return new TestingFlink(answering, null);
  }

  public String address() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  public TestingFlink with(String id, String name, String state) {
    jobs.put(id, Map.of("jid", id, "name", name, "state", state, "start-time", 1000 + jobs.size()));
    return this;
  }

  public TestingFlink then(Moment moment) {
    moments.add(moment);
    return this;
  }

  /** Blocks until this is closed. */
  public void untilClosed() throws InterruptedException {
    closed.await();
  }

  /** Waits so long, or until this is closed. */
  public boolean closedWithin(long millis) throws InterruptedException {
    return closed.await(millis, TimeUnit.MILLISECONDS);
  }

  public static void reply(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (before != null) {
        before.answer(exchange);
        return;
      }
      Object answer = answer(exchange.getRequestURI().getPath(), asked(exchange));
      if (answer == null) {
        reply(exchange, 404, "application/json", "{\"errors\":[\"Not found.\\n\\tat x\"]}");
      } else {
        reply(exchange, 200, "application/json", JSON.writeValueAsString(answer));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<String> asked(HttpExchange exchange) {
    String query = exchange.getRequestURI().getQuery();
    return query == null ? List.of() : Arrays.asList(query.replaceFirst("get=", "").split(","));
  }

  private synchronized Object answer(String path, List<String> asked) {
    String job = "/jobs/" + JOB;
    if (path.equals("/jobs/overview")) {
      return Map.of("jobs", jobs.values());
    }
    if (path.equals(job)) {
      looks++;
    }
    Moment now = moments.isEmpty() ? null : moments.get(Math.min(moments.size(), looks) - 1);
    return switch (path.replace(job, "JOB").replace(VERTEX, "VERTEX")) {
      case "JOB" ->
          Map.of(
              "state",
              now.state(),
              "duration",
              61_000,
              "now",
              100_000,
              "vertices",
              List.of(
                  Map.of("id", VERTEX, "parallelism", 2),
                  Map.of("id", "../../elsewhere", "parallelism", 1)));
      case "JOB/metrics" ->
          now.uptime() == null
              ? List.of()
              : values(Map.of("uptime", now.uptime(), "numRestarts", (long) now.restarts()), asked);
      case "JOB/vertices/VERTEX" ->
          Map.of(
              "subtasks",
              List.of(
                  Map.of("subtask", 0, "status", "RUNNING", "endpoint", "a:1", "attempt", 0),
                  Map.of("subtask", 1, "status", "RUNNING", "endpoint", "b:2", "attempt", 1)));
      case "JOB/vertices/VERTEX/subtasks/metrics" ->
          now.metrics().keySet().stream()
              .map(id -> Map.of("id", id.replaceFirst("\\d+\\.", "")))
              .distinct()
              .toList();
      case "JOB/vertices/VERTEX/metrics" -> values(now.metrics(), asked);
      case "JOB/checkpoints" ->
          Map.of(
              "counts",
              Map.of("completed", 31, "failed", 2),
              "latest",
              Map.of(
                  "completed",
                  Map.of(
                      "id",
                      33,
                      "latest_ack_timestamp",
                      96_000,
                      "state_size",
                      12_345,
                      "end_to_end_duration",
                      210)));
      case "JOB/exceptions" ->
          Map.of(
              "exceptionHistory",
              Map.of(
                  "entries",
                  List.of(Map.of("stacktrace", "x.Broken: the \u001b[31mcause\n\tat x.y(z)\n"))));
      default -> null;
    };
  }

  private static List<Map<String, String>> values(Map<String, Long> metrics, List<String> asked) {
    return asked.stream()
        .filter(metrics::containsKey)
        .map(id -> Map.of("id", id, "value", String.valueOf(metrics.get(id))))
        .toList();
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
    try {
      threads.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
