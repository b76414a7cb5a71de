// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.imageembedding.batch.BatchMetrics;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.flink.EmbedMetrics;
import io.imageembedding.flink.EmbedSpans;
import io.imageembedding.it.MetricTables.Documented;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.kafka.InputMetrics;
import io.imageembedding.kafka.KafkaSinkMetrics;
import io.imageembedding.kafka.OutputMetrics;
import io.imageembedding.safety.FreePort;
import io.imageembedding.vectorstore.sink.StoreMetrics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Flink's reporters make of the job's metrics and spans, set as {@code deploy/} sets them. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MonitoringITCase {
  private static final Path PROJECT = Path.of(System.getProperty("image-embedding.project"));
  private static final Path README = PROJECT.resolve("deploy/README.md");
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int IMAGES = 40;
  private static final int BROKEN_EVERY = 10;

  /** Of Prometheus's text format. */
  private static final Pattern SERIES =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (-?[0-9.E+-]+|NaN|[+-]Inf)");

  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\"\\\\n])*)\"(?:,|$)");

  @TempDir Path folder;

  /** One line of a scrape. */
  private record Series(String name, Map<String, String> labels, double value) {}

  @Test
  void everyMetricIsScrapedUnderItsDocumentedNameAndSpansArriveAtACollector() throws Exception {
    int port = FreePort.find();
    try (Collector collector = new Collector();
        EmbeddedKafka kafka = EmbeddedKafka.start()) {
      TestTopics topics = new TestTopics(kafka.bootstrapServers(), 2);
      topics.publish(0, IMAGES, BROKEN_EVERY);
      Map<String, String> options = topics.options();
      options.put("pipeline.name", "watched \"job\" \\ of café");
      options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
      options.put("image-embedding.cache.size", "1 mb");
      options.put("image-embedding.store.address", "lucene:" + folder.resolve("hidden-store"));
      Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
      config.addAll(shown("flink-opentelemetry.yaml"));
      config.addAll(shown("flink-prometheus.yaml"));
      config.setString("metrics.reporters", "prom,otel");
      config.setString("metrics.reporter.prom.port", String.valueOf(port));
      config.setString("metrics.reporter.otel.interval", "500 ms");
      config.setString("metrics.reporter.otel.exporter.endpoint", collector.url("/v1/metrics"));
      config.setString("traces.reporter.otel.exporter.endpoint", collector.url("/v1/traces"));
      StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
      EmbedImagesJob.build(env, config);
      JobClient job = env.executeAsync();

      Awaitility.await().atMost(PATIENCE).until(() -> topics.keys().size() == IMAGES);
      List<Series> all = scrape(port);
      requireUnique(all);
      List<Series> ours = ours(all);
      requireDocumented(ours);
      // What a task counts is seen by other threads a little later.
      Awaitility.await().atMost(PATIENCE).untilAsserted(() -> requireTrue(ours(scrape(port))));
      assertThat(Files.readString(README).replaceAll("\\s+", " "))
          .as("of %s series in all", all.size())
          .contains("two slots has " + ours.size() + " series of these");

      requireSpans(collector);
      Awaitility.await()
          .atMost(PATIENCE)
          .until(
              () ->
                  MetricTables.read(README).stream()
                      .allMatch(
                          metric ->
                              collector.has("/v1/metrics", metric.prometheus().replace('_', '.'))));
      job.cancel().get();
    }
  }

  /** Every metric of the docs, under the name that they give, and no other. */
  private static void requireDocumented(List<Series> ours) throws IOException {
    Map<String, Documented> documented =
        MetricTables.read(README).stream()
            .collect(Collectors.toMap(Documented::prometheus, metric -> metric));
    Map<String, Set<String>> scraped = new TreeMap<>();
    for (Series series : ours) {
      String name = series.name().replaceFirst("_count$", "");
      scraped.computeIfAbsent(name, any -> new HashSet<>()).addAll(series.labels().keySet());
    }
    assertThat(scraped.keySet()).containsExactlyInAnyOrderElementsOf(documented.keySet());
    scraped.forEach(
        (name, labels) -> {
          Documented metric = documented.get(name);
          Set<String> expected = new HashSet<>(metric.groups());
          expected.addAll(
              Set.of(
                  "job_id",
                  "job_name",
                  "task_id",
                  "task_name",
                  "subtask_index",
                  "operator_id",
                  "operator_name",
                  "tm_id",
                  "host"));
          if (metric.kind().equals("histogram")) {
            expected.add("quantile");
          }
          assertThat(labels).as(name).isEqualTo(expected);
        });
  }

  private static void requireTrue(List<Series> ours) {
    assertThat(sum(ours, "imageEmbedding_" + EmbedMetrics.IMAGES_IN)).isEqualTo(IMAGES);
    assertThat(sum(ours, "imageEmbedding_" + EmbedMetrics.IMAGES_OUT))
        .isEqualTo(IMAGES - (double) IMAGES / BROKEN_EVERY);
    assertThat(sum(ours, "imageEmbedding_code_" + EmbedMetrics.IMAGES_REFUSED))
        .isEqualTo(sum(ours, "imageEmbedding_stage_" + EmbedMetrics.REFUSED_IN_STAGE))
        .isEqualTo((double) IMAGES / BROKEN_EVERY);
    assertThat(sum(ours, "kafkaOutput_" + OutputMetrics.ANSWERS)).isEqualTo(IMAGES);
    assertThat(sum(ours, "kafkaOutput_" + OutputMetrics.LATENCY_SUM)).isPositive();
    assertThat(sum(ours, "imageEmbedding_" + EmbedMetrics.CACHE_ENTRIES)).isPositive();
    assertThat(sum(ours, "imageEmbedding_" + EmbedMetrics.CACHE_BYTES)).isPositive();
    assertThat(sum(ours, "vectorStore_" + StoreMetrics.STORE_SUM)).isPositive();
    assertThat(sum(ours, "microBatch_" + BatchMetrics.BYTES_IN_FLIGHT)).isZero();
    assertThat(sum(ours, "microBatch_" + BatchMetrics.QUEUE_AGE)).isZero();
    assertThat(ours)
        .filteredOn(series -> series.name().endsWith(BatchMetrics.QUEUE_SUM))
        .extracting(series -> series.labels().get("operator_name"))
        .containsOnly("micro-batch", "store micro-batch");
    List<Series> models =
        ours.stream().filter(series -> series.name().endsWith(EmbedMetrics.MODEL_INFO)).toList();
    assertThat(models).hasSize(2);
    for (Series model : models) {
      assertThat(model.value()).isEqualTo(1);
      assertThat(model.labels().get("model")).isEqualTo("mobilenet_v2_0.35_96 (untrained)");
      assertThat(model.labels().get("precision")).isEqualTo("fp32");
      assertThat(model.labels().get("sha256")).matches("[0-9a-f]{64}");
      assertThat(model.labels().get("vectorSpace")).matches("[0-9a-f]{64}");
      assertThat(model.labels().get("job_name")).isEqualTo("watched \\\"job\\\" \\\\ of café");
    }
  }

  private static void requireSpans(Collector collector) {
    for (String span :
        List.of(
            EmbedSpans.MODEL_LOAD,
            EmbedSpans.MODEL_READ,
            EmbedSpans.MODEL_PROOF,
            EmbedSpans.MODEL_WARM_UP,
            StoreMetrics.STORE_OPEN)) {
      Awaitility.await(span).atMost(PATIENCE).until(() -> collector.has("/v1/traces", span));
    }
    for (String attribute : List.of("sha256", "vectorSpace", "storeKind", "lucene", "job_name")) {
      assertThat(collector.has("/v1/traces", attribute)).as(attribute).isTrue();
    }
    assertThat(collector.has("/v1/traces", "hidden-store")).as("the store's address").isFalse();
  }

  private static double sum(List<Series> ours, String name) {
    return ours.stream()
        .filter(series -> series.name().endsWith("_operator_" + name))
        .mapToDouble(Series::value)
        .sum();
  }

  /** As the file of {@code deploy/} says, in a folder like a cluster's. */
  private Configuration shown(String file) throws IOException {
    Path conf = Files.createDirectories(folder.resolve(file));
    Files.copy(PROJECT.resolve("deploy/monitoring").resolve(file), conf.resolve("config.yaml"));
    return GlobalConfiguration.loadConfiguration(conf.toString());
  }

  private static List<Series> scrape(int port) throws IOException, InterruptedException {
    String text =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics")).build(),
                BodyHandlers.ofString())
            .body();
    List<Series> all = new ArrayList<>();
    for (String line : text.lines().toList()) {
      if (line.startsWith("#")) {
        continue;
      }
      Matcher series = SERIES.matcher(line);
      assertThat(series.matches()).as(line).isTrue();
      Map<String, String> labels = new TreeMap<>();
      String list = series.group(2) == null ? "" : series.group(2);
      Matcher label = LABEL.matcher(list);
      int end = 0;
      while (label.find() && label.start() == end) {
        labels.put(label.group(1), label.group(2));
        end = label.end();
      }
      assertThat(end).as(line).isEqualTo(list.length());
      all.add(
          new Series(
              series.group(1),
              labels,
              series.group(3).contains("N") || series.group(3).contains("I")
                  ? Double.NaN
                  : Double.parseDouble(series.group(3))));
    }
    return all;
  }

  /** Prometheus takes nothing of a scrape in which a series is there twice. */
  private static void requireUnique(List<Series> all) {
    Set<String> seen = new HashSet<>();
    for (Series series : all) {
      assertThat(seen.add(series.name() + series.labels())).as("only one %s", series).isTrue();
    }
  }

  private static List<Series> ours(List<Series> all) {
    Set<String> prefixes =
        Stream.of(
                BatchMetrics.GROUP,
                EmbedMetrics.GROUP,
                InputMetrics.GROUP,
                KafkaSinkMetrics.GROUP,
                OutputMetrics.GROUP,
                StoreMetrics.GROUP)
            .map(group -> "flink_taskmanager_job_task_operator_" + group + "_")
            .collect(Collectors.toSet());
    return all.stream()
        .filter(series -> prefixes.stream().anyMatch(series.name()::startsWith))
        .toList();
  }

  /** Takes what is sent by OTLP over HTTP, whose texts stand in its bytes as they are. */
  private static final class Collector implements AutoCloseable {
    private final HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    private final Map<String, Queue<String>> received = new ConcurrentHashMap<>();

    Collector() throws IOException {
      server.createContext(
          "/",
          exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), ISO_8859_1);
            received
                .computeIfAbsent(
                    exchange.getRequestURI().getPath(), path -> new ConcurrentLinkedQueue<>())
                .add(body);
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
    }

    String url(String path) {
      return "http://localhost:" + server.getAddress().getPort() + path;
    }

    boolean has(String path, String text) {
      return received.getOrDefault(path, new ConcurrentLinkedQueue<>()).stream()
          .anyMatch(body -> body.contains(text));
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
