// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.JavaProcess.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.maven.model.Model;
import org.apache.maven.model.io.xpp3.MavenXpp3Reader;

/**
 * {@code deploy/examples/maven-project} in the hands of someone who has installed the libraries: a
 * copy of it, and a local repository with what the build has made.
 */
final class ExampleProject {
  static final Path SOURCE = JavaProcess.project().resolve("deploy/examples/maven-project");
  static final String JAR = "target/embed-files-1.0.jar";

  private static final String GROUP = "io/imageembedding";

  private ExampleProject() {}

  /** Builds it as it stands, with its test. */
  static Path build(Path folder) throws Exception {
    Path project = folder.resolve("maven-project");
    for (Path file : files()) {
      Path copy = project.resolve(SOURCE.relativize(file).toString());
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy);
    }
    Ended ended =
        JavaProcess.run(
            project,
            Map.of("JAVA_HOME", System.getProperty("java.home")),
            DeployTools.program("mvn").toString(),
            "-B",
            "-ntp",
            "-Dmaven.repo.local=" + repository(folder.resolve("repository")),
            "package");
    assertThat(ended.exitCode()).as("%s%n%s", String.join("\n", ended.out()), ended.err()).isZero();
    return project;
  }

  /** Its files, and nothing that somebody has built there. */
  static Iterable<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(SOURCE)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !SOURCE.relativize(file).startsWith("target"))
          .toList();
    }
  }

  static Model model(Path pom) throws Exception {
    try (var in = Files.newInputStream(pom)) {
      return new MavenXpp3Reader().read(in);
    }
  }

  /**
   * What others have made is that of this build; what is ours is only what {@code install} would
   * put there, whatever was installed on this machine before.
   */
  private static Path repository(Path folder) throws Exception {
    Path used =
        Path.of(
            System.getProperty(
                "localRepository", System.getProperty("user.home") + "/.m2/repository"));
    link(used, folder, "io");
    link(used.resolve("io"), folder.resolve("io"), "imageembedding");
    Path root = JavaProcess.project();
    Model parent = model(root.resolve("pom.xml"));
    install(folder, parent.getArtifactId(), parent.getVersion(), root);
    for (String module : parent.getModules()) {
      if (module.equals("schemas") || module.startsWith("operators/")) {
        Path at = root.resolve(module);
        install(folder, model(at.resolve("pom.xml")).getArtifactId(), parent.getVersion(), at);
      }
    }
    return folder;
  }

  private static void link(Path from, Path to, String but) throws IOException {
    Files.createDirectories(to);
    if (!Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> all = Files.list(from)) {
      for (Path each : all.filter(file -> !file.endsWith(but)).toList()) {
        Files.createSymbolicLink(to.resolve(each.getFileName()), each);
      }
    }
  }

  private static void install(Path repository, String artifact, String version, Path module)
      throws IOException {
    Path to = Files.createDirectories(repository.resolve(GROUP).resolve(artifact).resolve(version));
    String name = artifact + "-" + version;
    Files.copy(
        module.resolve("pom.xml"), to.resolve(name + ".pom"), StandardCopyOption.REPLACE_EXISTING);
    Path jar = module.resolve("target").resolve(name + ".jar");
    if (Files.exists(jar)) {
      Files.createSymbolicLink(to.resolve(name + ".jar"), jar);
    }
  }
}
