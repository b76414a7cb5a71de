// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.imageembedding.it.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files of {@code deploy/monitoring}, and the expressions that are in them. */
final class MonitoringFiles {
  static final Path FOLDER = JavaProcess.project().resolve("deploy/monitoring");

  private static final YAMLMapper YAML = new YAMLMapper();

  /** Instant vectors as they stand in an expression: a name and, where there are, its matchers. */
  private static final Pattern SELECTOR =
      Pattern.compile("(?<name>flink_\\w+|\\bup\\b)(?<matchers>\\{[^}]*})?");

  private static final Pattern DURATION = Pattern.compile("(\\[|:|offset )(\\d+)([mh])");
  private static final Pattern COMPARISON = Pattern.compile("(?<=\\s)([<>!=]=|[<>])(?=\\s)");

  private MonitoringFiles() {}

  /** A panel of the dashboard. */
  record Panel(String title, String type, String unit, JsonNode place, List<Target> targets) {}

  /** An expression of a panel. */
  record Target(String expression, String legend, boolean isInstant) {}

  static JsonNode dashboard() throws IOException {
    return new ObjectMapper().readTree(FOLDER.resolve("dashboard.json").toFile());
  }

  static List<Panel> panels() throws IOException {
    List<Panel> panels = new ArrayList<>();
    for (JsonNode panel : dashboard().get("panels")) {
      List<Target> targets = new ArrayList<>();
      for (JsonNode target : panel.path("targets")) {
        targets.add(
            new Target(
                target.get("expr").asText(),
                target.get("legendFormat").asText(),
                target.path("instant").asBoolean()));
      }
      panels.add(
          new Panel(
              panel.get("title").asText(),
              panel.get("type").asText(),
              panel.at("/fieldConfig/defaults/unit").asText(""),
              panel.get("gridPos"),
              targets));
    }
    return panels;
  }

  /** An expression of the dashboard with what a user who has chosen everything would see. */
  static String chosen(String expression, String rateInterval, String range) {
    return expression
        .replace("$__rate_interval", rateInterval)
        .replace("$__range", range)
        .replaceAll("\\$(job|instance)\\b", ".+");
  }

  /** Expressions of the rules by the names of their alerts. */
  static Map<String, String> alerts() throws IOException {
    Map<String, String> alerts = new LinkedHashMap<>();
    for (JsonNode group : YAML.readTree(FOLDER.resolve("alerts.yml").toFile()).get("groups")) {
      for (JsonNode rule : group.get("rules")) {
        alerts.put(rule.get("alert").asText(), rule.get("expr").asText());
      }
    }
    return alerts;
  }

  /**
   * Copies the rules, with times in which a test sees them fire: a minute is a second, and no
   * window is longer than a test lasts.
   */
  static void copyInHaste(Path to) throws IOException {
    copy(
        to,
        rule -> {
          rule.put("expr", inHaste(rule.get("expr").asText()));
          if (rule.has("for")) {
            rule.put("for", "1s");
          }
        });
  }

  /** Copies the rules; each of them is changed before. */
  static void copy(Path to, Consumer<ObjectNode> change) throws IOException {
    JsonNode rules = YAML.readTree(FOLDER.resolve("alerts.yml").toFile());
    for (JsonNode group : rules.get("groups")) {
      group.get("rules").forEach(rule -> change.accept((ObjectNode) rule));
    }
    YAML.writeValue(to.toFile(), rules);
  }

  static String inHaste(String expression) {
    return DURATION
        .matcher(expression)
        .replaceAll(
            match -> match.group(1) + (match.group(3).equals("h") ? "60" : match.group(2)) + "s");
  }

  /** The expression with 0 and 1 for what its comparisons say, so that nothing is left out. */
  static String withoutThresholds(String expression) {
    return COMPARISON.matcher(expression).replaceAll("$1 bool");
  }

  /** Everything that an expression selects, with matchers as they stand there. */
  static List<String> selectors(String expression) {
    return SELECTOR.matcher(expression).results().map(MatchResult::group).toList();
  }

  /** Names of metrics in an expression. */
  static Set<String> metrics(String expression) {
    Set<String> names = new TreeSet<>();
    SELECTOR.matcher(expression).results().forEach(match -> names.add(match.group(1)));
    return names;
  }

  /** Names of all metrics that any file of the folder has in an expression or a series. */
  static Set<String> metrics() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.list(FOLDER)) {
      for (Path file : files.filter(each -> !each.toString().endsWith(".md")).toList()) {
        names.addAll(metrics(Files.readString(file)));
      }
    }
    return names;
  }
}
