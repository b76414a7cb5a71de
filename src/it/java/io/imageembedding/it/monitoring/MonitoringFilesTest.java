// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.batch.BatchMetrics;
import io.imageembedding.flink.EmbedMetrics;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.it.monitoring.MonitoringFiles.Panel;
import io.imageembedding.kafka.InputMetrics;
import io.imageembedding.kafka.KafkaSinkMetrics;
import io.imageembedding.kafka.OutputMetrics;
import io.imageembedding.vectorstore.sink.StoreMetrics;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be said of the dashboard and the rules without a job. */
class MonitoringFilesTest {
  private static final String OPERATOR = "flink_taskmanager_job_task_operator_";

  private static final Pattern DOCUMENTED = Pattern.compile("`(flink_\\w*[^\\W_]|up)`");

  private static final Set<String> VARIABLES =
      Set.of("job", "instance", "datasource", "__rate_interval", "__range");

  @TempDir Path folder;

  /** Names of the metrics of each group of ours. */
  private static Map<String, Set<String>> ours() throws IllegalAccessException {
    Map<String, Set<String>> names = new LinkedHashMap<>();
    for (Class<?> group :
        List.of(
            BatchMetrics.class,
            EmbedMetrics.class,
            InputMetrics.class,
            KafkaSinkMetrics.class,
            OutputMetrics.class,
            StoreMetrics.class)) {
      Set<String> constants = new TreeSet<>();
      String name = null;
      for (Field field : group.getFields()) {
        if (field.getName().equals("GROUP")) {
          name = (String) field.get(null);
        } else if (field.getType() == String.class) {
          constants.add((String) field.get(null));
        }
      }
      names.put(name, constants);
    }
    return names;
  }

  private static boolean isOurs(String metric, String group) {
    return metric.startsWith(OPERATOR + group + "_");
  }

  @Test
  void everyMetricOfOursIsInTheCode() throws Exception {
    for (Map.Entry<String, Set<String>> group : ours().entrySet()) {
      List<String> named =
          MonitoringFiles.metrics().stream()
              .filter(metric -> isOurs(metric, group.getKey()))
              .map(metric -> metric.substring(metric.lastIndexOf('_') + 1))
              .toList();
      assertThat(named).as(group.getKey()).isNotEmpty();
      assertThat(group.getValue()).containsAll(named);
    }
  }

  @Test
  void everyOtherMetricIsInTheTableAndNoneInItIsUnused() throws Exception {
    Set<String> groups = ours().keySet();
    Set<String> others =
        MonitoringFiles.metrics().stream()
            .filter(metric -> groups.stream().noneMatch(group -> isOurs(metric, group)))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> documented =
        DOCUMENTED
            .matcher(Files.readString(MonitoringFiles.FOLDER.resolve("README.md")))
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(documented).isEqualTo(others);
  }

  @Test
  void everyAlertIsInTheTable() throws IOException {
    Set<String> documented =
        Pattern.compile("`(ImageEmbedding\\w+)`")
            .matcher(Files.readString(MonitoringFiles.FOLDER.resolve("README.md")))
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(documented).isEqualTo(new TreeSet<>(MonitoringFiles.alerts().keySet()));
  }

  @Test
  void everyPanelIsSomewhereOfItsOwnAndSaysWhatItShows() throws IOException {
    Set<Integer> ids = new HashSet<>();
    Set<String> places = new HashSet<>();
    for (JsonNode panel : MonitoringFiles.dashboard().get("panels")) {
      assertThat(ids.add(panel.get("id").asInt())).isTrue();
      JsonNode place = panel.get("gridPos");
      for (int x = 0; x < place.get("w").asInt(); x++) {
        for (int y = 0; y < place.get("h").asInt(); y++) {
          int column = place.get("x").asInt() + x;
          assertThat(column).isLessThan(24);
          assertThat(places.add(column + " " + (place.get("y").asInt() + y)))
              .as(panel.get("title").asText())
              .isTrue();
        }
      }
      if (!panel.get("type").asText().equals("row")) {
        assertThat(panel.path("description").asText()).endsWith(".");
        assertThat(panel.at("/datasource/uid").asText()).isEqualTo("${datasource}");
      }
    }
  }

  @Test
  void everyVariableIsOneOfTheDashboard() throws IOException {
    Set<String> used = new TreeSet<>();
    Matcher variable =
        Pattern.compile("\\$\\{?(\\w+)")
            .matcher(Files.readString(MonitoringFiles.FOLDER.resolve("dashboard.json")));
    while (variable.find()) {
      used.add(variable.group(1));
    }
    used.remove("__all");
    assertThat(used).isEqualTo(new TreeSet<>(VARIABLES));
    Set<String> own = new TreeSet<>();
    MonitoringFiles.dashboard()
        .at("/templating/list")
        .forEach(each -> own.add(each.get("name").asText()));
    assertThat(own).containsExactly("datasource", "instance", "job");
    for (Panel panel : MonitoringFiles.panels()) {
      panel
          .targets()
          .forEach(
              target ->
                  assertThat(MonitoringFiles.chosen(target.expression(), "1m", "1h"))
                      .doesNotContain("$"));
    }
  }

  @Test
  void promtoolFindsNoFault() throws Exception {
    for (List<String> command :
        List.of(
            List.of("check", "rules", "alerts.yml"),
            List.of("check", "config", "prometheus.yml"),
            List.of("test", "rules", "alerts-test.yml"))) {
      assertThat(promtool(MonitoringFiles.FOLDER, command)).as(command.toString()).isEmpty();
    }
  }

  @Test
  void theTestsOfTheAlertsFailWhenAnyOfThemNeverFires() throws Exception {
    for (String alert : MonitoringFiles.alerts().keySet()) {
      assertThat(testWith("vector(0) > 1", rule -> rule.equals(alert)))
          .as(alert)
          .contains("FAILED", alert);
    }
  }

  @Test
  void theTestsOfTheAlertsFailWhenTheyAlwaysFire() throws Exception {
    assertThat(testWith("vector(1)", rule -> true)).contains(MonitoringFiles.alerts().keySet());
  }

  private String testWith(String expression, Predicate<String> where) throws Exception {
    String tests = "alerts-test.yml";
    Files.copy(
        MonitoringFiles.FOLDER.resolve(tests),
        folder.resolve(tests),
        StandardCopyOption.REPLACE_EXISTING);
    MonitoringFiles.copy(
        folder.resolve("alerts.yml"),
        rule -> {
          if (where.test(rule.get("alert").asText())) {
            rule.put("expr", expression);
          }
        });
    return promtool(folder, List.of("test", "rules", tests));
  }

  /** What it found fault with; empty: nothing. */
  private String promtool(Path in, List<String> arguments) throws Exception {
    List<String> command =
        Stream.concat(
                arguments.subList(0, 2).stream(),
                Stream.of(in.resolve(arguments.get(2)).toString()))
            .toList();
    Ended ended = Prometheus.promtool(folder, command.toArray(String[]::new));
    return ended.exitCode() == 0 ? "" : "FAILED " + ended.out() + ended.err();
  }
}
