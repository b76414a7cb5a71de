// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A Flink as it is distributed, in a folder of its own that jars can be added to. */
final class FlinkDistribution {
  private static final String JVM_OPTIONS = "env.java.opts.all";

  private final Path home;
  private final String jvmOptions;

  private FlinkDistribution(Path home, String jvmOptions) {
    this.home = home;
    this.jvmOptions = jvmOptions;
  }

  /** Links the jars of the one that was fetched; the calling test is skipped where none was. */
  static FlinkDistribution in(Path home) throws IOException {
    Path fetched = DeployTools.flink();
    for (String folder : List.of("bin", "lib", "log", "opt")) {
      Files.createDirectories(home.resolve(folder));
    }
    link(fetched.resolve("lib"), home.resolve("lib"));
    // Its scripts look for the others beside what they themselves are a link to.
    try (Stream<Path> scripts = Files.list(fetched.resolve("bin"))) {
      for (Path script : scripts.filter(Files::isRegularFile).toList()) {
        Files.copy(
            script,
            home.resolve("bin").resolve(script.getFileName()),
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    return new FlinkDistribution(
        home,
        new YAMLMapper()
            .readTree(fetched.resolve("conf/config.yaml").toFile())
            .at("/env/java/opts/all")
            .asText());
  }

  /**
   * Links what its SQL client is made of; the calling test is skipped where that was not fetched.
   */
  FlinkDistribution withSqlClient() throws IOException {
    link(DeployTools.sqlClient(), home.resolve("opt"));
    return this;
  }

  private static void link(Path from, Path to) throws IOException {
    try (Stream<Path> jars = Files.list(from)) {
      for (Path jar : jars.toList()) {
        Files.createSymbolicLink(to.resolve(jar.getFileName()), jar);
      }
    }
  }

  Path home() {
    return home;
  }

  /** A cluster with one TaskManager of two slots, with the settings on top of those of tests. */
  ClusterProcesses start(Map<String, String> settings) throws IOException {
    Map<String, String> all = new TreeMap<>(settings);
    all.put(JVM_OPTIONS, jvmOptions);
    return ClusterProcesses.startDistribution(home, all);
  }
}
