// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.JavaProcess.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.maven.model.Dependency;
import org.apache.maven.model.Model;
import org.apache.maven.model.building.DefaultModelBuilderFactory;
import org.apache.maven.model.building.DefaultModelBuildingRequest;
import org.apache.maven.model.building.ModelBuilder;
import org.apache.maven.model.building.ModelBuildingRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On each system that TensorFlow has natives for, its natives are the ones that are taken. */
class PlatformsTest {
  private static final ModelBuilder BUILDER = new DefaultModelBuilderFactory().newInstance();

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, linux-x86_64",
    "Linux, aarch64, linux-arm64",
    "Mac OS X, aarch64, macosx-arm64",
  })
  void everyModuleTakesTheNativesOfTheSystemThatItIsBuiltOn(
      String name, String architecture, String platform) throws Exception {
    Properties system = new Properties();
    system.setProperty("os.name", name);
    system.setProperty("os.arch", architecture);

    assertThat(classifiers(system, new Properties()))
        .hasSizeGreaterThan(4)
        .allSatisfy((module, classifier) -> assertThat(classifier).isEqualTo(platform));
  }

  @Test
  void thePropertyOverridesTheSystem() throws Exception {
    Properties system = new Properties();
    system.setProperty("os.name", "Linux");
    system.setProperty("os.arch", "aarch64");
    Properties user = new Properties();
    user.setProperty("tensorflow.platform", "linux-x86_64-gpu");

    assertThat(classifiers(system, user))
        .hasSizeGreaterThan(4)
        .allSatisfy((module, classifier) -> assertThat(classifier).isEqualTo("linux-x86_64-gpu"));
  }

  /** Of TensorFlow's natives, by the pom that wants them. */
  private static Map<Path, String> classifiers(Properties system, Properties user)
      throws Exception {
    Map<Path, String> classifiers = new TreeMap<>();
    for (Path pom : poms()) {
      Model model =
          BUILDER
              .build(
                  new DefaultModelBuildingRequest()
                      .setPomFile(pom.toFile())
                      .setSystemProperties(system)
                      .setUserProperties(user)
                      .setProcessPlugins(false)
                      // What is imported from elsewhere says nothing about platforms.
                      .setTwoPhaseBuilding(true)
                      .setValidationLevel(ModelBuildingRequest.VALIDATION_LEVEL_MINIMAL))
              .getEffectiveModel();
      for (Dependency dependency : model.getDependencies()) {
        if (dependency.getArtifactId().equals("tensorflow-core-native")
            && dependency.getClassifier() != null) {
          classifiers.put(pom, dependency.getClassifier());
        }
      }
    }
    return classifiers;
  }

  private static List<Path> poms() throws IOException {
    try (Stream<Path> all = Files.walk(JavaProcess.project(), 3)) {
      return all.filter(each -> each.endsWith("pom.xml")).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Linux, x86_64, linux-x86_64",
    "Linux, aarch64, linux-arm64",
    "Darwin, arm64, macosx-arm64",
  })
  void aClusterGetsTheNativesOfItsMachineThoughOthersAreThere(
      String system, String machine, String platform) throws Exception {
    built("linux-x86_64", "linux-arm64", "macosx-arm64", "linux-x86_64-gpu");

    Ended ended = install(system, machine, Map.of());

    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(installed())
        .containsExactlyInAnyOrder(
            "javacpp-1.5.11.jar",
            "tensorflow-core-api-1.1.0.jar",
            "tensorflow-core-native-1.1.0.jar",
            "tensorflow-core-native-1.1.0-" + platform + ".jar");
  }

  @Test
  void nativesThatWereNotBuiltAreNamedWithTheCommandThatBuildsThem() throws Exception {
    built("linux-x86_64");

    Ended ended = install("Linux", "aarch64", Map.of());

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.err())
        .contains("no natives for linux-arm64", "-Dtensorflow.platform=linux-arm64");
    assertThat(installed()).isEmpty();
  }

  @Test
  void anotherPlatformCanBeAskedForAndIsNotMixedWithOneThatIsThere() throws Exception {
    built("linux-x86_64", "linux-x86_64-gpu");
    Map<String, String> gpu = Map.of("TENSORFLOW_PLATFORM", "linux-x86_64-gpu");

    assertThat(install("Linux", "x86_64", gpu).exitCode()).isZero();
    assertThat(installed())
        .contains("tensorflow-core-native-1.1.0-linux-x86_64-gpu.jar")
        .doesNotContain("tensorflow-core-native-1.1.0-linux-x86_64.jar");

    Ended mixed = install("Linux", "x86_64", Map.of());
    assertThat(mixed.exitCode()).isEqualTo(1);
    assertThat(mixed.err()).contains("linux-x86_64-gpu.jar is for another platform");
  }

  /** A checkout with the script, in which the build has left jars. */
  private void built(String... platforms) throws IOException {
    Path jars = Files.createDirectories(folder.resolve("jobs/stream/target/cluster-lib"));
    for (String name :
        List.of(
            "javacpp-1.5.11.jar",
            "tensorflow-core-api-1.1.0.jar",
            "tensorflow-core-native-1.1.0.jar")) {
      Files.writeString(jars.resolve(name), "");
    }
    for (String platform : platforms) {
      Files.writeString(jars.resolve("tensorflow-core-native-1.1.0-" + platform + ".jar"), "");
    }
    Files.createDirectories(folder.resolve("flink/lib"));
    Files.createDirectories(folder.resolve("deploy"));
    Files.copy(
        JavaProcess.project().resolve("deploy/install-cluster-lib.sh"),
        folder.resolve("deploy/install-cluster-lib.sh"));
  }

  private Ended install(String system, String machine, Map<String, String> more) throws Exception {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Path uname = bin.resolve("uname");
    Files.writeString(
        uname,
        "#!/bin/sh\nif [ \"$1\" = -s ]; then echo " + system + "; else echo " + machine + "; fi\n");
    Files.setPosixFilePermissions(uname, PosixFilePermissions.fromString("rwxr-xr-x"));
    Map<String, String> environment = new HashMap<>(more);
    environment.put("PATH", bin + ":" + System.getenv("PATH"));
    return JavaProcess.run(folder, environment, "sh", "deploy/install-cluster-lib.sh", "flink");
  }

  private List<String> installed() throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve("flink/lib"))) {
      return all.map(each -> each.getFileName().toString()).toList();
    }
  }
}
