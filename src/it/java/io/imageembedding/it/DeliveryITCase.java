// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** What is handed out: what it is made of, under which licences, and what is not in it. */
class DeliveryITCase {
  private static final String BROKER = "<artifactId>image-embedding-broker</artifactId>";
  private static final Path PROJECT = JavaProcess.project();
  private static final Path BOM = PROJECT.resolve("jobs/cli/target/bom.json");
  private static final Path TARGET = PROJECT.resolve("jobs/stream/target");

  /** Group and artifact, as they stand in the path of a repository. */
  private static final Pattern ARTIFACT =
      Pattern.compile(".*/repository/(.+)/([^/]+)/[^/]+/[^/]+\\.jar");

  private static List<String> included() throws IOException {
    String pom = Files.readString(PROJECT.resolve("jobs/stream/pom.xml"));
    return Pattern.compile("<include>([^<]+)</include>")
        .matcher(pom)
        .results()
        .map(include -> include.group(1))
        .filter(include -> !include.startsWith("io.imageembedding:"))
        .toList();
  }

  /** {@code group:artifact} of everything of others in the job's jar. */
  private static List<String> bundled() throws IOException {
    List<Pattern> patterns =
        included().stream()
            .map(include -> Pattern.compile(include.replace(".", "\\.").replace("*", ".*")))
            .toList();
    return Stream.of(Files.readString(TARGET.resolve("classpath")).strip().split(":"))
        .map(path -> ARTIFACT.matcher(path).results().findFirst())
        .flatMap(java.util.Optional::stream)
        .map(match -> match.group(1).replace('/', '.') + ":" + match.group(2))
        .filter(name -> patterns.stream().anyMatch(pattern -> pattern.matcher(name).matches()))
        .toList();
  }

  @Test
  void theJobsJarNamesTheLicenceOfEveryBundledWork() throws IOException {
    assertThat(bundled()).hasSizeGreaterThanOrEqualTo(included().size());
    try (JarFile jar = new JarFile(TARGET.resolve("image-embedding-job.jar").toFile())) {
      List<String> named =
          Pattern.compile("^ {2}([a-z0-9.-]+:[a-z0-9-]+)", Pattern.MULTILINE)
              .matcher(text(jar, "META-INF/LICENSES-OF-OTHERS"))
              .results()
              .map(match -> match.group(1))
              .toList();
      assertThat(named).containsExactlyInAnyOrderElementsOf(bundled());
      assertThat(text(jar, "META-INF/LICENSE")).contains("Apache License");
      assertThat(text(jar, "META-INF/NOTICE")).isNotBlank();
      assertThat(text(jar, "META-INF/NOTICE-flink-image-embedding")).contains("MobileNetV2");
      assertThat(jar.stream().map(entry -> entry.getName()))
          .noneMatch(
              name -> name.startsWith("kafka/server/") || name.startsWith("org/tensorflow/"));
    }
  }

  private static String text(JarFile jar, String name) throws IOException {
    try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void aBillOfMaterialsHasWhatTheLauncherRunsOn() throws IOException {
    // Continuous integration is online and fails where a test is skipped.
    assumeTrue(Files.exists(BOM), "skipped: it is not made offline");
    JsonNode bom = new ObjectMapper().readTree(BOM.toFile());
    assertThat(bom.get("bomFormat").asText()).isEqualTo("CycloneDX");
    List<String> components =
        StreamSupport.stream(bom.get("components").spliterator(), false)
            .map(each -> each.path("group").asText() + ":" + each.get("name").asText())
            .toList();
    assertThat(components)
        .containsAll(bundled())
        .contains("org.tensorflow:tensorflow-core-native", "io.milvus:milvus-sdk-java");
  }

  /** A broker has a larger surface than a client, and none of it is wanted in a job. */
  @Test
  void whoDependsOnJobsGetsNoBroker() throws IOException {
    String pom =
        Files.readString(PROJECT.resolve("jobs/stream/pom.xml"))
            + Files.readString(PROJECT.resolve("jobs/cli/pom.xml"));
    List<String> dependencies = new ArrayList<>();
    for (MatchResult match :
        Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL)
            .matcher(pom)
            .results()
            .toList()) {
      if (match.group(1).contains("<groupId>org.apache.kafka</groupId>")
          || match.group(1).contains(BROKER)) {
        dependencies.add(match.group(1));
      }
    }
    assertThat(dependencies)
        .hasSizeGreaterThan(1)
        .allMatch(
            each ->
                each.contains("<artifactId>kafka-clients</artifactId>")
                    || each.contains("<optional>true</optional>"));
    assertThat(dependencies).anyMatch(each -> each.contains(BROKER));
  }

  @Test
  void checksumsOfWhatIsDownloadedAreStrict() throws IOException {
    assertThat(Files.readAllLines(PROJECT.resolve(".mvn/maven.config")))
        .contains("--strict-checksums");
  }
}
