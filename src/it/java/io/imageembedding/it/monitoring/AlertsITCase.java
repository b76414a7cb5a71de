// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.BrokerProcess;
import io.imageembedding.it.Chromium;
import io.imageembedding.it.ClusterProcesses;
import io.imageembedding.it.JavaProcess;
import io.imageembedding.it.TestingJar;
import io.imageembedding.it.monitoring.MonitoringFiles.Panel;
import io.imageembedding.it.monitoring.MonitoringFiles.Target;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus scrapes a real job, to which happens what each alert is for. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AlertsITCase {
  private static final int SLOTS = Feed.PARTITIONS + 1;
  private static final Path DRAWN = JavaProcess.project().resolve("src/it/target/monitoring");

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  private final Set<String> fired = new TreeSet<>();
  private final Map<Instant, String> events = new TreeMap<>();

  @Test
  @Order(1)
  void everyExpressionHasDataAndEveryAlertFiresByItsFault() throws Exception {
    Path page = DRAWN.resolve("dashboard.html");
    Files.deleteIfExists(page);
    String ports = FreePort.find() + "," + FreePort.find();
    try (ClusterProcesses cluster = cluster(ports);
        Prometheus prometheus = Prometheus.start(config(ports), folder);
        BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"));
        Feed feed = new Feed(broker.bootstrapServers())) {
      JobClient job = submit(options("photos", SLOTS, broker), cluster);
      feed.start();
      event("good images");
      await("all alerts to rest, but for the slot that is one too many")
          .until(() -> prometheus.firing().equals(Set.of("ImageEmbeddingSlotsWithoutPartition")));
      awaitFiring(prometheus, "ImageEmbeddingSlotsWithoutPartition");

      feed.spoil();
      event("every third is broken");
      awaitFiring(prometheus, "ImageEmbeddingImagesRefused", "ImageEmbeddingDeadLetters");
      await("data of every expression").untilAsserted(() -> checkExpressions(prometheus));

      feed.flood();
      event("thousands at once");
      awaitFiring(prometheus, "ImageEmbeddingLagGrowing");

      broker.process().freeze();
      event("the broker is frozen");
      awaitFiring(
          prometheus,
          "ImageEmbeddingNoOutput",
          "ImageEmbeddingCheckpointsFailing",
          "ImageEmbeddingCheckpointsOld");
      broker.process().resume();

      cluster.taskManagers().get(0).kill();
      event("the TaskManager is killed");
      awaitFiring(prometheus, "ImageEmbeddingJobRestarting", "ImageEmbeddingMetricsMissing");

      job.cancel().get();
      event("the job is cancelled");
      awaitFiring(prometheus, "ImageEmbeddingJobGone");

      cluster.startTaskManager();
      JobClient scans = loseTransactions(broker, cluster);
      event("transactions were aborted between a savepoint and its restore");
      awaitFiring(prometheus, "ImageEmbeddingTransactionsLost");

      event("the store's folder is deleted again and again");
      await("alert to fire: TransactionsAborted")
          .pollInterval(Duration.ofSeconds(2))
          .until(
              () -> {
                FileTrees.discard(store("scans"));
                return prometheus.firing().contains("ImageEmbeddingTransactionsAborted");
              });
      fired.add("ImageEmbeddingTransactionsAborted");
      scans.cancel().get();

      JobClient hoard = hoard(cluster);
      event("a job keeps objects and classes");
      awaitFiring(prometheus, "ImageEmbeddingHeapNearLimit", "ImageEmbeddingMetaspaceNearLimit");
      hoard.cancel().get();
      Files.createDirectories(DRAWN);
      Files.writeString(
          page,
          DashboardPage.of(prometheus, events.keySet().iterator().next(), Instant.now(), events));
      assertThat(MonitoringFiles.alerts().keySet()).containsExactlyInAnyOrderElementsOf(fired);
    }
  }

  /** The picture is for people: {@code src/it/target/monitoring/dashboard.png}. */
  @Test
  @Order(2)
  void everyPanelIsDrawn() throws Exception {
    Path page = DRAWN.resolve("dashboard.html");
    assertThat(page).exists();
    try (Chromium chromium = Chromium.start(folder.resolve("profile"))) {
      chromium.open(page.toUri().toString(), 1800, 3200);
      await("the page")
          .until(() -> chromium.value("document.readyState").asText().equals("complete"));
      assertThat(chromium.value("document.querySelectorAll('.panel').length").asLong())
          .isEqualTo(
              MonitoringFiles.panels().stream().filter(each -> !each.targets().isEmpty()).count());
      assertThat(
              chromium.value(
                  "[...document.querySelectorAll('.empty')].map(e => e.parentNode.innerText)"))
          .isEmpty();
      assertThat(
              chromium
                  .value("document.documentElement.scrollHeight <= window.innerHeight")
                  .asBoolean())
          .isTrue();
      chromium.screenshot(DRAWN.resolve("dashboard.png"));
      assertThat(chromium.problems()).isEmpty();
    }
  }

  private void event(String what) {
    events.put(Instant.now(), what);
  }

  /** The shipped configuration, with this test's processes, rules and haste. */
  private Path config(String ports) throws IOException {
    MonitoringFiles.copyInHaste(folder.resolve("alerts.yml"));
    String targets =
        String.join(
            ", ", Arrays.stream(ports.split(",")).map(port -> "localhost:" + port).toList());
    String shipped = Files.readString(MonitoringFiles.FOLDER.resolve("prometheus.yml"));
    return Files.writeString(
        folder.resolve("prometheus.yml"),
        shipped.replace("15s", "1s").replace("localhost:9249, localhost:9250", targets));
  }

  private ClusterProcesses cluster(String ports) throws IOException {
    Map<String, String> settings = new HashMap<>();
    Path conf = Files.createDirectory(folder.resolve("conf"));
    Files.copy(
        MonitoringFiles.FOLDER.resolve("flink-prometheus.yaml"), conf.resolve("config.yaml"));
    settings.putAll(GlobalConfiguration.loadConfiguration(conf.toString()).toMap());
    settings.put("metrics.reporter.prom.port", ports);
    settings.put("taskmanager.numberOfTaskSlots", String.valueOf(SLOTS));
    settings.put("heartbeat.interval", "1 s");
    settings.put("heartbeat.timeout", "8 s");
    // A job without slots fails, and is restarted, that soon.
    settings.put("slot.request.timeout", "1 s");
    settings.put("resourcemanager.standalone.start-up-time", "1 s");
    return ClusterProcesses.start(
        Files.createDirectory(folder.resolve("cluster")),
        settings,
        1,
        List.of("-XX:TieredStopAtLevel=1", "-XX:MaxMetaspaceSize=320m"));
  }

  /** What a job of that name is to do. */
  private Map<String, String> options(String name, int slots, BrokerProcess broker) {
    Map<String, String> options = new HashMap<>();
    options.put("pipeline.name", name);
    options.put("parallelism.default", String.valueOf(slots));
    options.put("execution.checkpointing.interval", "1 s");
    options.put("execution.checkpointing.timeout", "4 s");
    options.put("execution.checkpointing.tolerable-failed-checkpoints", "1000");
    options.put("execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString());
    options.put("restart-strategy.type", "fixed-delay");
    options.put("restart-strategy.fixed-delay.attempts", "1000");
    options.put("restart-strategy.fixed-delay.delay", "500 ms");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("image-embedding.kafka.bootstrap-servers", broker.bootstrapServers());
    options.put("image-embedding.kafka.input.topic", Feed.IMAGES);
    options.put("image-embedding.kafka.output.topic", Feed.EMBEDDINGS);
    options.put("image-embedding.kafka.dead-letter.topic", Feed.DEAD_LETTERS);
    options.put("image-embedding.store.address", "lucene:" + store(name));
    return options;
  }

  private Path store(String name) {
    return folder.resolve(name + "-store");
  }

  private static JobClient submit(Map<String, String> options, ClusterProcesses cluster)
      throws Exception {
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    config.addAll(
        target(
            cluster, JavaProcess.project().resolve("jobs/stream/target/image-embedding-job.jar")));
    StreamExecutionEnvironment env = new StreamExecutionEnvironment(config);
    EmbedImagesJob.build(env, config);
    return env.executeAsync(config.get(PipelineOptions.NAME));
  }

  private static Configuration target(ClusterProcesses cluster, Path jar) {
    return Configuration.fromMap(
            Map.of(
                "execution.target", "remote",
                "rest.address", "localhost",
                "rest.port", String.valueOf(cluster.restPort())))
        .set(PipelineOptions.JARS, List.of(jar.toUri().toString()));
  }

  /**
   * A job that goes on from a savepoint, and the brokers have aborted meanwhile what had been
   * written for it.
   */
  private JobClient loseTransactions(BrokerProcess broker, ClusterProcesses cluster)
      throws Exception {
    Map<String, String> options = options("scans", 1, broker);
    options.put("image-embedding.kafka.lost-transactions", "continue");
    Map<String, String> first = new HashMap<>(options);
    // So that nothing but the savepoint is made; a job that goes on from it commits what it had.
    first.put("execution.checkpointing.interval", "10 min");
    first.put("execution.checkpointing.min-pause", "10 min");
    JobClient before = submit(first, cluster);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      await("a transaction of the embeddings")
          .until(() -> !open(admin, "scans/embeddings").isEmpty());
      String savepoint =
          before
              .triggerSavepoint(
                  folder.resolve("savepoints").toUri().toString(), SavepointFormatType.CANONICAL)
              .get();
      before.cancel().get();
      await("the job to end").until(() -> before.getJobStatus().get().isGloballyTerminalState());
      // Those of the first job, too, which hang since its TaskManager was killed: before they end,
      // nobody can see what became of those behind them.
      admin.fenceProducers(open(admin, "")).all().get();
      options.put("execution.state-recovery.path", savepoint);
    }
    return submit(options, cluster);
  }

  /** Transactional ids that begin so and whose transactions are open. */
  private static List<String> open(Admin admin, String prefix) throws Exception {
    return admin.listTransactions().all().get().stream()
        .filter(each -> each.state() == TransactionState.ONGOING)
        .map(TransactionListing::transactionalId)
        .filter(id -> id.startsWith(prefix))
        .toList();
  }

  private JobClient hoard(ClusterProcesses cluster) throws Exception {
    StreamExecutionEnvironment env =
        new StreamExecutionEnvironment(target(cluster, TestingJar.of(folder, TestingHoard.class)));
    env.setParallelism(1);
    env.fromSequence(1, 1)
        .map(new TestingHoard())
        .returns(Types.LONG)
        .sinkTo(new DiscardingSink<>());
    return env.executeAsync("hoard");
  }

  private static ConditionFactory await(String what) {
    return Awaitility.await(what)
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(300));
  }

  /** Waits until every one of them has fired, at any time from now. */
  private void awaitFiring(Prometheus prometheus, String... alerts) {
    Set<String> missing = new TreeSet<>(List.of(alerts));
    await("alerts to fire: " + missing)
        .until(
            () -> {
              missing.removeAll(prometheus.firing());
              return missing.isEmpty();
            });
    fired.addAll(List.of(alerts));
  }

  private static void checkExpressions(Prometheus prometheus) throws Exception {
    assertThat(prometheus.metrics()).containsAll(MonitoringFiles.metrics());
    List<String> empty = new ArrayList<>();
    for (Panel panel : MonitoringFiles.panels()) {
      for (Target target : panel.targets()) {
        String expression = MonitoringFiles.chosen(target.expression(), "5s", "1m");
        if (!prometheus.hasData(expression)) {
          empty.add(panel.title() + ": " + expression);
        }
      }
    }
    for (Map.Entry<String, String> rule : MonitoringFiles.alerts().entrySet()) {
      String expression = MonitoringFiles.inHaste(rule.getValue());
      List<String> parts = new ArrayList<>(MonitoringFiles.selectors(expression));
      // One whose very point is that something is not there has nothing to say now.
      if (!expression.contains("unless")) {
        parts.add(MonitoringFiles.withoutThresholds(expression));
      }
      for (String part : parts) {
        if (!prometheus.hasData(part)) {
          empty.add(rule.getKey() + ": " + part);
        }
      }
    }
    assertThat(empty).isEmpty();
  }
}
