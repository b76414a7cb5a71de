// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.it.JavaProcess;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.safety.FreePort;
import io.imageembedding.vectorstore.TestingPrograms;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A real Prometheus, as Debian's package {@code prometheus} brings it. */
final class Prometheus implements AutoCloseable {
  private final Process process;
  private final String address;
  private final HttpClient client = HttpClient.newHttpClient();

  private Prometheus(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  /** Starts it, and waits until it is ready. */
  static Prometheus start(Path config, Path folder) throws IOException, InterruptedException {
    String address = "127.0.0.1:" + FreePort.find();
    Path log = folder.resolve("prometheus.log");
    Process process =
        new ProcessBuilder(
                find("prometheus"),
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("prometheus"),
                "--web.listen-address=" + address)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Prometheus prometheus = new Prometheus(process, "http://" + address);
    Awaitility.await("Prometheus, whose log is " + log)
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .until(() -> prometheus.get("/-/ready").startsWith("Prometheus Server is Ready"));
    return prometheus;
  }

  /** Debian's promtool; the calling test is skipped where there is none. */
  static Ended promtool(Path folder, String... arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of(),
        Stream.concat(Stream.of(find("promtool")), Stream.of(arguments)).toArray(String[]::new));
  }

  private static String find(String program) throws InterruptedException {
    return TestingPrograms.startOrSkip(
        program + ", of Debian's package prometheus,",
        () ->
            Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElseThrow(() -> new IOException("there is no program " + program)));
  }

  private String get(String path) throws IOException, InterruptedException {
    return client
        .send(
            HttpRequest.newBuilder(URI.create(address + path))
                .timeout(Duration.ofSeconds(20))
                .build(),
            BodyHandlers.ofString())
        .body();
  }

  private JsonNode ask(String path, Object... parameters) throws IOException, InterruptedException {
    StringBuilder query = new StringBuilder("/api/v1/" + path);
    for (int i = 0; i < parameters.length; i += 2) {
      query.append(i == 0 ? '?' : '&').append(parameters[i]).append('=');
      query.append(URLEncoder.encode(parameters[i + 1].toString(), StandardCharsets.UTF_8));
    }
    JsonNode answer = new ObjectMapper().readTree(get(query.toString()));
    if (!answer.path("status").asText().equals("success")) {
      throw new IOException(answer.path("error").asText() + ": " + query);
    }
    return answer.get("data");
  }

  /** What an expression is now: series with {@code metric} and {@code value}. */
  private JsonNode query(String expression) throws IOException, InterruptedException {
    return ask("query", "query", expression).get("result");
  }

  /** Whether an expression has a value that is a number now. */
  boolean hasData(String expression) throws IOException, InterruptedException {
    for (JsonNode series : query(expression)) {
      if (!Double.isNaN(series.get("value").get(1).asDouble(Double.NaN))) {
        return true;
      }
    }
    return false;
  }

  /** What an expression was, second by second: series with {@code metric} and {@code values}. */
  JsonNode query(String expression, Instant from, Instant to)
      throws IOException, InterruptedException {
    return ask(
            "query_range",
            "query",
            expression,
            "start",
            from.getEpochSecond(),
            "end",
            to.getEpochSecond(),
            "step",
            "1")
        .get("result");
  }

  /** Alerts that fire now. */
  Set<String> firing() throws IOException, InterruptedException {
    Set<String> names = new TreeSet<>();
    for (JsonNode alert : ask("alerts").get("alerts")) {
      if (alert.get("state").asText().equals("firing")) {
        names.add(alert.at("/labels/alertname").asText());
      }
    }
    return names;
  }

  /** Names of all metrics that were ever scraped. */
  Set<String> metrics() throws IOException, InterruptedException {
    Set<String> names = new TreeSet<>();
    ask("label/__name__/values").forEach(name -> names.add(name.asText()));
    return names;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
