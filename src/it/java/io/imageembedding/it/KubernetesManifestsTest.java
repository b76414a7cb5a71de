// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobChecks;
import io.imageembedding.jobs.JobConfiguration;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessSpec;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@code deploy/kubernetes} becomes is taken by Kubernetes, by the operator, by Flink and by
 * the job, as far as that can be seen without a cluster.
 */
class KubernetesManifestsTest {
  private static final String TOPIC = "topic";
  private static final String POSTGRESQL = "postgresql";
  private static final String MOST_SLOTS = "job.autoscaler.vertex.max-parallelism";

  /** Of the operator's options, as its documentation lists those that a resource may set. */
  private static final Set<String> OPERATOR =
      Set.of(
          "kubernetes.operator.job.upgrade.last-state-fallback.enabled",
          "kubernetes.operator.job.restart.failed",
          "kubernetes.operator.periodic.checkpoint.interval",
          "kubernetes.operator.periodic.savepoint.interval",
          "kubernetes.operator.pod-template.merge-arrays-by-name",
          "kubernetes.operator.savepoint.cleanup.enabled",
          "kubernetes.operator.savepoint.format.type",
          "kubernetes.operator.savepoint.history.max.age",
          "kubernetes.operator.savepoint.history.max.count");

  @TempDir private static Path folder;

  private static KubernetesTools tools;

  @BeforeAll
  static void find() throws IOException {
    tools = new KubernetesTools(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {TOPIC, POSTGRESQL})
  void everyResourceOfAnOverlayIsAsItsDefinitionSays(String overlay) throws Exception {
    List<JsonNode> checked = tools.check(tools.build(overlay));

    assertThat(checked)
        .extracting(each -> each.path("kind").asText())
        .containsExactlyInAnyOrder(
            "Namespace",
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "PersistentVolumeClaim",
            "FlinkDeployment",
            "PodDisruptionBudget",
            "NetworkPolicy",
            "PodMonitor");
    assertThat(checked)
        .allSatisfy(
            each ->
                assertThat(each.path("status").asText())
                    .as(each.toString())
                    .isEqualTo("statusValid"));
  }

  @Test
  void theSnapshotIsAsItsDefinitionSaysAndOfTheJob() throws Exception {
    String yaml =
        Files.readString(JavaProcess.project().resolve("deploy/kubernetes/snapshot.yaml"));

    assertThat(tools.check(yaml))
        .singleElement()
        .satisfies(
            each ->
                assertThat(each.path("status").asText())
                    .as(each.toString())
                    .isEqualTo("statusValid"));
    JsonNode snapshot = KubernetesTools.resources(yaml).get(0);
    JsonNode job = resource(TOPIC, "FlinkDeployment");
    assertThat(snapshot.at("/metadata/namespace")).isEqualTo(job.at("/metadata/namespace"));
    assertThat(snapshot.at("/spec/jobReference/kind")).isEqualTo(job.at("/kind"));
    assertThat(snapshot.at("/spec/jobReference/name")).isEqualTo(job.at("/metadata/name"));
  }

  @ParameterizedTest
  @CsvSource({
    "'flinkVersion: v2_3', 'flinkVersion: v9_9', FlinkDeployment",
    "'upgradeMode: savepoint', 'upgradeMode: never', FlinkDeployment",
    "'upgradeMode:', 'upgradeMod:', FlinkDeployment",
    "'readOnlyRootFilesystem:', 'readOnlyRootFileSystem:', FlinkDeployment",
    "'sizeLimit:', 'limit:', FlinkDeployment",
    "'podMetricsEndpoints:', 'podMetricEndpoints:', PodMonitor",
    "'policyTypes:', 'policies:', NetworkPolicy",
    "'maxUnavailable: 1', 'maxUnavailable: []', PodDisruptionBudget",
  })
  void aFaultIsFound(String right, String wrong, String kind) throws Exception {
    String built = tools.build(TOPIC);
    assertThat(built).contains(right);

    assertThat(tools.check(built.replace(right, wrong)))
        .filteredOn(each -> !each.path("status").asText().equals("statusValid"))
        .singleElement()
        .satisfies(
            each -> {
              assertThat(each.path("kind").asText()).isEqualTo(kind);
              assertThat(each.path("status").asText()).isEqualTo("statusInvalid");
            });
  }

  /** As at submission, but for what brokers, store and model would say. */
  @ParameterizedTest
  @ValueSource(strings = {TOPIC, POSTGRESQL})
  void theJobTakesItsOptions(String overlay) throws Exception {
    Map<String, String> options = new TreeMap<>();
    for (Map.Entry<String, String> each : configuration(overlay).entrySet()) {
      options.put(each.getKey(), each.getValue().replace("/run/secrets", folder.toString()));
    }
    Files.createDirectories(folder.resolve("kafka"));
    Files.writeString(folder.resolve("kafka/kafka.properties"), "password=secret\n");
    Files.createDirectories(folder.resolve("store"));
    Files.writeString(folder.resolve("store/password"), "secret\n");

    assertThatCode(() -> new JobChecks(submitted(options))).doesNotThrowAnyException();

    Map<String, String> wrong = new HashMap<>(options);
    wrong.put("image-embedding.kafka.transactional-id-prefix", "a/b");
    assertThatThrownBy(() -> new JobChecks(submitted(wrong)))
        .isInstanceOf(InvalidOptionException.class);
    wrong.put("image-embedding.kafka.transactional-id-prefixes", "a");
    assertThatThrownBy(() -> submitted(wrong)).isInstanceOf(InvalidOptionException.class);
  }

  private static Configuration submitted(Map<String, String> options) {
    return EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
  }

  @ParameterizedTest
  @ValueSource(strings = {TOPIC, POSTGRESQL})
  void memoryIsWhatTheFormulaSaysAndAddsUp(String overlay) throws Exception {
    JsonNode job = resource(overlay, "FlinkDeployment");
    Configuration options = Configuration.fromMap(configuration(overlay));
    int slots = options.get(TaskManagerOptions.NUM_TASK_SLOTS);
    Formula formula = Formula.documented();

    // Flink refuses sizes that contradict each other.
    options.set(TaskManagerOptions.TOTAL_PROCESS_MEMORY, memory(job, "taskManager"));
    TaskExecutorProcessSpec task = TaskExecutorProcessUtils.processSpecFromConfig(options);
    assertThat(task.getTaskOffHeapSize().getBytes())
        .isGreaterThanOrEqualTo(
            formula.bytes(slots, options.get(EmbedOptions.IMAGE_MAX_PIXELS).doubleValue()));
    long batches =
        slots
            * (2 * options.get(EmbedOptions.BATCH_MAX_BYTES).getBytes()
                + options.get(EmbedOptions.CACHE_SIZE).getBytes());
    assertThat(task.getTaskHeapSize().getBytes()).isGreaterThan(4 * batches);

    options.set(JobManagerOptions.TOTAL_PROCESS_MEMORY, memory(job, "jobManager"));
    JobManagerProcessSpec manager = JobManagerProcessUtils.processSpecFromConfig(options);
    assertThat(manager.getJvmDirectMemorySize().getBytes())
        .isGreaterThanOrEqualTo(formula.bytes(1, 0));
    assertThat(manager.getJvmHeapMemorySize()).isGreaterThan(MemorySize.ofMebiBytes(1024));
  }

  private static MemorySize memory(JsonNode job, String of) {
    return MemorySize.parse(job.at("/spec/" + of + "/resource/memory").asText());
  }

  @ParameterizedTest
  @ValueSource(strings = {TOPIC, POSTGRESQL})
  void parallelismFillsSlotsAndIsWithinWhatTheAutoscalerMayChoose(String overlay) throws Exception {
    JsonNode job = resource(overlay, "FlinkDeployment");
    Map<String, String> options = configuration(overlay);
    int parallelism = job.at("/spec/job/parallelism").asInt();
    int slots = Integer.parseInt(options.get("taskmanager.numberOfTaskSlots"));

    assertThat(parallelism % slots).isZero();
    assertThat(job.at("/spec/taskManager/resource/cpu").asInt()).isEqualTo(slots);
    assertThat(parallelism)
        .isBetween(
            Integer.parseInt(options.get("job.autoscaler.vertex.min-parallelism")),
            Integer.parseInt(options.get(MOST_SLOTS)));
  }

  /** With the autoscaler's own class; the operator's is not to be had, its documentation is. */
  @ParameterizedTest
  @ValueSource(strings = {TOPIC, POSTGRESQL})
  void theOperatorKnowsItsOptions(String overlay) throws Exception {
    Map<String, String> options = configuration(overlay);
    Map<String, ConfigOption<?>> autoscaler = autoscaler();

    Set<String> scaling = beginning(options, "job.autoscaler.");
    assertThat(scaling).isNotEmpty();
    assertThat(autoscaler.keySet()).containsAll(scaling);
    for (String key : scaling) {
      assertThat(Configuration.fromMap(options).<Object>getOptional(any(autoscaler.get(key))))
          .as(key)
          .isPresent();
    }
    assertThat(beginning(options, "kubernetes.operator.")).isNotEmpty().isSubsetOf(OPERATOR);
  }

  /** The options of the operator's autoscaler, by key. */
  private static Map<String, ConfigOption<?>> autoscaler() throws Exception {
    Map<String, ConfigOption<?>> known = new HashMap<>();
    Path jars = JavaProcess.project().resolve("src/it/target/flink-autoscaler");
    try (Stream<Path> files = Files.list(jars)) {
      URL jar = files.findFirst().orElseThrow().toUri().toURL();
      ClassLoader parent = KubernetesManifestsTest.class.getClassLoader();
      try (URLClassLoader loader = new URLClassLoader(new URL[] {jar}, parent)) {
        Class<?> type = loader.loadClass("org.apache.flink.autoscaler.config.AutoScalerOptions");
        for (Field field : type.getFields()) {
          if (field.get(null) instanceof ConfigOption<?> option) {
            known.put(option.key(), option);
          }
        }
      }
    }
    return known;
  }

  @SuppressWarnings("unchecked")
  private static ConfigOption<Object> any(ConfigOption<?> option) {
    return (ConfigOption<Object>) option;
  }

  private static Set<String> beginning(Map<String, String> options, String prefix) {
    return options.keySet().stream()
        .filter(key -> key.startsWith(prefix))
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @ValueSource(strings = {TOPIC, POSTGRESQL})
  void everyPathIsOnAVolumeAndEveryVolumeIsMounted(String overlay) throws Exception {
    JsonNode pod = resource(overlay, "FlinkDeployment").at("/spec/podTemplate/spec");
    JsonNode container = pod.at("/containers/0");
    Set<String> mounts = texts(container.path("volumeMounts"), "mountPath");
    Pattern path = Pattern.compile("(?<![\\w/.:-]|://)(?:file://)?(/[\\w./-]+)");
    Set<String> named = new TreeSet<>();
    Stream<String> values =
        Stream.concat(
            configuration(overlay).entrySet().stream()
                .filter(each -> !each.getKey().equals("image-embedding.store.address"))
                .map(Map.Entry::getValue),
            texts(container.path("env"), "value").stream());
    String address =
        configuration(overlay)
            .getOrDefault("image-embedding.store.address", "")
            .replaceAll("^[^?]*", "");
    Stream.concat(values, Stream.of(address.split("[=&]")))
        .forEach(
            value -> path.matcher(value).results().map(each -> each.group(1)).forEach(named::add));

    assertThat(named)
        .contains("/flink-state/checkpoints", "/run/secrets/kafka/ca.crt")
        .allSatisfy(each -> assertThat(mounts).anyMatch(mount -> each.startsWith(mount + "/")));
    assertThat(mounts).contains("/tmp");
    assertThat(texts(container.path("volumeMounts"), "name"))
        .isEqualTo(texts(pod.path("volumes"), "name"));
    assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {TOPIC, POSTGRESQL})
  void portsAndLabelsAreThoseOfTheJob(String overlay) throws Exception {
    JsonNode job = resource(overlay, "FlinkDeployment");
    Map<String, String> options = configuration(overlay);
    JsonNode policy = resource(overlay, "NetworkPolicy");
    JsonNode monitor = resource(overlay, "PodMonitor");
    String rest = options.get("rest.port");
    String metrics = options.get("metrics.reporter.prometheus.port");

    assertThat(job.findPath("jobManager").findValuesAsText("port")).containsOnly(rest);
    assertThat(job.findPath("taskManager").findValuesAsText("port"))
        .containsOnly(options.get("taskmanager.rpc.port"));
    assertThat(job.findValuesAsText("containerPort")).containsExactly(metrics);
    assertThat(policy.at("/spec/ingress").findValuesAsText("port"))
        .containsExactlyInAnyOrder(rest, metrics);
    assertThat(policy.at("/spec/egress").findValuesAsText("port"))
        .contains(options.get("image-embedding.kafka.bootstrap-servers").split(":")[1]);
    if (overlay.equals(POSTGRESQL)) {
      assertThat(policy.at("/spec/egress").findValuesAsText("port")).contains("5432");
    }
    assertThat(monitor.at("/spec/podMetricsEndpoints").findValuesAsText("port"))
        .containsExactly(job.at("/spec/podTemplate/spec/containers/0/ports/0/name").asText());
    for (JsonNode resource : KubernetesTools.resources(tools.build(overlay))) {
      assertThat(resource.findValuesAsText("app"))
          .as(resource.path("kind").asText())
          .allMatch(app -> app.equals(job.at("/metadata/name").asText()));
    }
    assertThat(job.at("/spec/serviceAccount"))
        .isEqualTo(resource(overlay, "ServiceAccount").at("/metadata/name"));
    assertThat(job.findValuesAsText("claimName"))
        .containsExactly(resource(overlay, "PersistentVolumeClaim").at("/metadata/name").asText());
  }

  @Test
  void theJvmGetsWhatTheProjectsOwnGets() throws Exception {
    List<String> needed =
        Files.readAllLines(JavaProcess.project().resolve("jobs/cli/src/main/launch/jvm.args"))
            .stream()
            .filter(line -> line.startsWith("-") && !line.startsWith("-Xm"))
            .toList();

    assertThat(configuration(TOPIC).get("env.java.opts.all").split(" ")).containsAll(needed);
  }

  @Test
  void theLogHasWhatAClustersHas() throws Exception {
    List<String> lines =
        Files.readAllLines(
            JavaProcess.project().resolve("deploy/log4j-image-embedding.properties"));

    assertThat(
            resource(TOPIC, "FlinkDeployment")
                .at("/spec/logConfiguration")
                .path("log4j-console.properties")
                .asText()
                .lines())
        .containsAll(
            lines.stream().filter(line -> !line.isBlank() && !line.startsWith("#")).toList());
  }

  private JsonNode resource(String overlay, String kind) throws Exception {
    return KubernetesTools.resources(tools.build(overlay)).stream()
        .filter(each -> each.path("kind").asText().equals(kind))
        .findFirst()
        .orElseThrow();
  }

  private Map<String, String> configuration(String overlay) throws Exception {
    Map<String, String> options = new TreeMap<>();
    resource(overlay, "FlinkDeployment")
        .at("/spec/flinkConfiguration")
        .properties()
        .forEach(
            each -> {
              // The operator of some versions takes texts only.
              assertThat(each.getValue().isTextual()).as(each.getKey()).isTrue();
              options.put(each.getKey(), each.getValue().asText());
            });
    assertThat(options.keySet()).anyMatch(key -> key.startsWith(Options.PREFIX));
    return options;
  }

  private static Set<String> texts(JsonNode list, String field) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(each -> each.path(field).asText())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * The memory off the heap that a TaskManager needs, as {@code deploy/README.md} has it: some for
   * the process, and for each slot a model and a picture.
   */
  private record Formula(double process, double slot, double pixel) {
    private static final Pattern TEXT =
        Pattern.compile("(\\d+) MB \\+ slots × \\((\\d+) MB \\+ ([\\d.]+) bytes × pixels\\)");

    static Formula documented() throws IOException {
      Matcher matcher =
          TEXT.matcher(Files.readString(JavaProcess.project().resolve("deploy/README.md")));
      MatchResult found = matcher.results().findFirst().orElseThrow();
      return new Formula(
          Double.parseDouble(found.group(1)) * 1e6,
          Double.parseDouble(found.group(2)) * 1e6,
          Double.parseDouble(found.group(3)));
    }

    long bytes(int slots, double pixels) {
      return (long) (process + slots * (slot + pixel * pixels));
    }
  }
}
