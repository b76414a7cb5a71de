// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.MetricTables.Documented;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the code says of its metrics and spans and what {@code deploy/README.md} says is the same.
 * That a job registers these and no others is held by {@link MonitoringITCase}.
 */
class MetricsDocumentTest {
  private static final Path PROJECT = JavaProcess.project();
  private static final Path README = PROJECT.resolve("deploy/README.md");
  private static final Pattern GROUP = Pattern.compile("String GROUP = \"(\\w+)\";");
  private static final Pattern REGISTERED =
      Pattern.compile("(?s)\\.\\s*(counter|gauge|histogram|meter)\\(\\s*([^,;]*?)\\s*[,)]");
  private static final Pattern CONSTANT =
      Pattern.compile(
          "(?s)/\\*\\*((?:(?!\\*/).)*)\\*/\\s*public static final String (\\w+) =\\s*\"(\\w+)\";");
  private static final Pattern KIND = Pattern.compile("^(Counter|Gauge|Histogram|Meter|Span)\\b");
  private static final Pattern SPAN = Pattern.compile("(?m)^\\| `(\\w+)` \\| [^|]+ \\| [^|]+ \\|$");

  /** Sources of main that have to do with Flink's metrics, by their paths. */
  private static Map<String, String> sources() throws IOException {
    Map<String, String> sources = new TreeMap<>();
    try (Stream<Path> files = Files.walk(PROJECT)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".java")).toList()) {
        String name = PROJECT.relativize(file).toString().replace('\\', '/');
        String source = name.contains("/src/main/java/") ? Files.readString(file) : "";
        if (source.contains("import org.apache.flink.metrics.")
            || source.contains("MetricGroup()")
            || source.contains("metricGroup()")
            || GROUP.matcher(source).find()) {
          sources.put(name, source);
        }
      }
    }
    return sources;
  }

  @Test
  void everyMetricHasANameThatIsAConstantWithItsGroup() throws IOException {
    Set<String> registering = new TreeSet<>();
    sources()
        .forEach(
            (file, source) ->
                REGISTERED
                    .matcher(source)
                    .results()
                    .forEach(
                        call -> {
                          registering.add(file);
                          assertThat(call.group(2))
                              .as("%s in %s", call.group(), file)
                              .matches("([A-Z]\\w+\\.)?[A-Z][A-Z_]+|name");
                        }));
    assertThat(registering).hasSizeGreaterThan(5);
    for (String file : registering) {
      assertThat(sources().get(file)).as(file).containsPattern("\\bGROUP\\b");
    }
  }

  @Test
  void everyMetricIsExplainedWithItsKindAndGroupWhereTheJobIsDeployed() throws IOException {
    Set<String> documented = new TreeSet<>();
    for (Documented metric : MetricTables.read(README)) {
      documented.add(metric.group() + " " + metric.name() + " " + metric.kind());
    }
    Set<String> defined = new TreeSet<>();
    sources().values().stream()
        .filter(source -> GROUP.matcher(source).find())
        .forEach(
            source -> {
              Matcher group = GROUP.matcher(source);
              assertThat(group.find()).isTrue();
              constants(source)
                  .filter(constant -> !constant.group(2).equals("GROUP"))
                  .filter(constant -> !kind(constant).equals("span"))
                  .forEach(
                      constant ->
                          defined.add(
                              group.group(1) + " " + constant.group(3) + " " + kind(constant)));
            });
    assertThat(defined).hasSizeGreaterThan(40).isEqualTo(documented);
  }

  @Test
  void everySpanIsExplainedWhereTheJobIsDeployed() throws IOException {
    String spans = Files.readString(README).replaceFirst("(?s).*\n\\| span \\|", "| span |");
    Set<String> documented =
        SPAN.matcher(spans.substring(0, spans.indexOf("\n\n")))
            .results()
            .map(row -> row.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> defined = new TreeSet<>();
    try (Stream<Path> files = Files.walk(PROJECT)) {
      for (Path file :
          files.filter(file -> file.toString().matches(".*/src/main/.*\\.java")).toList()) {
        String source = Files.readString(file);
        if (source.contains("Span.builder(")) {
          assertThat(source)
              .as(file.toString())
              .doesNotContainPattern("Span\\.builder\\([^,]+,\\s*\"");
          constants(source)
              .filter(constant -> kind(constant).equals("span"))
              .forEach(constant -> defined.add(constant.group(3)));
        }
      }
    }
    assertThat(defined).hasSizeGreaterThan(4).isEqualTo(documented);
  }

  private static Stream<MatchResult> constants(String source) {
    return CONSTANT.matcher(source).results();
  }

  /** As the javadoc of the constant begins. */
  private static String kind(MatchResult constant) {
    String said = constant.group(1).replaceAll("(?m)^\\s*\\*", "").strip();
    Matcher kind = KIND.matcher(said);
    assertThat(kind.find() || constant.group(2).equals("GROUP"))
        .as("%s begins with its kind: %s", constant.group(2), said)
        .isTrue();
    return constant.group(2).equals("GROUP") ? "" : kind.group(1).toLowerCase(Locale.ROOT);
  }
}
