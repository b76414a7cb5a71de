// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.JavaProcess.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * When the launchers build, what they start and what they let through; Maven and Java are doubles.
 */
class LauncherTest {
  private static final String FILTERED =
      """
      WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
      I0000 00:00:1795943308.637899    5897 mlir_graph_optimization_pass.cc:401] MLIR V1
      W0000 00:00:1795943308.637899    5897 gpu_device.cc:2344] Cannot dlopen some GPU libraries
      Corrupt JPEG data: premature end of data segment
      Premature end of JPEG file
      """;

  private static final String KEPT =
      """
      Error: Could not find or load main class
      F0000 00:00:1795943308.637899    5897 tensor.cc:102] Check failed: dtype
      E0000 00:00:1795943308.637899    5897 session.cc:1] it failed
      free(): invalid pointer
        a line with \\ and 'blanks'  \s
      """;

  @TempDir Path folder;

  @Test
  void nativeNoiseIsKeptFromStandardErrorAndNothingElse() throws Exception {
    Path launcher = distribution();
    testingJava(FILTERED + KEPT + "no end of line");

    String said = run(launcher, "image");

    assertThat(said).contains(KEPT + "no end of line\n").doesNotContain(FILTERED.split("\n"));
  }

  @Test
  void withVerboseAllOfItIsShown() throws Exception {
    Path launcher = distribution();
    testingJava(FILTERED + KEPT);

    assertThat(run(launcher, "--verbose", "image")).contains(FILTERED + KEPT);
  }

  @Test
  void theJavaThatJavaHomeNamesGetsTheArgumentsAsTheyAreAndItsExitCodeIsTheLaunchers()
      throws Exception {
    Path launcher = distribution();
    testingJava("");

    String said = run(launcher, "image", "a  b.png", "*");

    assertThat(said)
        .contains(
            "argument:io.imageembedding.cli.Embed\nargument:image\nargument:a  b.png\nargument:*\n")
        .contains("argument:@" + launcher.resolveSibling("jvm.args") + "\n")
        .contains(
            "argument:"
                + launcher.resolveSibling("lib/a.jar")
                + ":"
                + launcher.resolveSibling("lib/b.jar")
                + "\n")
        .contains("exit 7");
  }

  @Test
  void aJavaHomeWithoutJavaIsNamed() throws Exception {
    Path launcher = distribution();

    assertThat(run(launcher, "image"))
        .contains("embed: JAVA_HOME is " + javaHome() + ", and there is no " + javaHome())
        .contains("exit 1");
  }

  @Test
  void aClosedStandardErrorIsNoObstacle() throws Exception {
    Path launcher = distribution();
    testingJava("");

    Ended ended =
        JavaProcess.run(
            folder, environment(), "sh", "-c", "exec \"$0\" image 2>&-", launcher.toString());

    assertThat(ended.exitCode()).isEqualTo(7);
    assertThat(ended.out()).contains("argument:image");
  }

  @Test
  void aCheckoutIsBuiltOnceAndAgainWhenAFileChangesOrGoes() throws Exception {
    Path checkout = checkout();

    assertThat(run(checkout.resolve("embed"), "a")).contains("embed: building", "ran a");
    assertThat(run(checkout.resolve("embed"), "b")).doesNotContain("building").contains("ran b");

    Files.writeString(checkout.resolve("operators/core/src/main/A.java"), "changed");
    later(checkout.resolve("operators/core/src/main/A.java"));
    assertThat(run(checkout.resolve("embed"), "c")).contains("embed: building", "ran c");

    Files.delete(checkout.resolve("operators/core/src/main/A.java"));
    later(checkout.resolve("operators/core/src/main"));
    assertThat(run(checkout.resolve("embed"), "d")).contains("embed: building", "ran d");
  }

  @Test
  void aCopyOfABuiltCheckoutIsNotBuiltAgain() throws Exception {
    Path checkout = checkout();
    assertThat(run(checkout.resolve("embed"), "a")).contains("embed: building");
    Path copy = folder.resolve("copy");
    JavaProcess.run(folder, Map.of(), "cp", "-R", checkout.toString(), copy.toString());
    later(copy.resolve("pom.xml"));
    Files.delete(folder.resolve("bin/mvn"));

    assertThat(run(copy.resolve("embed"), "b")).doesNotContain("building").contains("ran b");
    assertThat(run(copy.resolve("embed"), "c")).doesNotContain("building").contains("ran c");
  }

  @Test
  void whereThereIsNoMavenTheWrapperBuilds() throws Exception {
    Path checkout = checkout();
    Files.move(folder.resolve("bin/mvn"), checkout.resolve("mvnw"));
    Path tools = folder.resolve("tools");
    for (String tool :
        List.of(
            "cat",
            "chmod",
            "cksum",
            "dirname",
            "find",
            "flock",
            "head",
            "mkdir",
            "mv",
            "readlink",
            "sort",
            "tail",
            "touch",
            "xargs")) {
      for (Path place : List.of(Path.of("/usr/bin"), Path.of("/bin"))) {
        if (Files.isExecutable(place.resolve(tool))) {
          executable(tools.resolve(tool), "#!/bin/sh\nexec " + place.resolve(tool) + " \"$@\"\n");
        }
      }
    }

    Ended ended =
        JavaProcess.run(
            folder,
            Map.of("PATH", tools.toString()),
            "/bin/sh",
            checkout.resolve("embed").toString(),
            "a");

    assertThat(ended.err()).contains("embed: building");
    assertThat(ended.lastLine()).isEqualTo("ran a");
  }

  @Test
  void aCheckoutThatCannotBeWrittenAndIsNotBuiltIsRefusedByName() throws Exception {
    Path checkout = checkout();
    // Permissions do not hold for root.
    Files.writeString(checkout.resolve("jobs/cli/target"), "");

    assertThat(run(checkout.resolve("embed"), "a"))
        .contains("embed: " + checkout + " has to be built, and " + checkout.resolve("jobs/cli"))
        .contains("cannot be written")
        .contains("exit 1");
  }

  private Path distribution() throws IOException {
    Path distribution = Files.createDirectories(folder.toRealPath().resolve("a folder"));
    Path launcher = distribution.resolve("embed");
    Files.copy(JavaProcess.project().resolve("jobs/cli/src/main/launch/embed"), launcher);
    Files.createDirectories(distribution.resolve("lib"));
    Files.writeString(distribution.resolve("lib/b.jar"), "");
    Files.writeString(distribution.resolve("lib/a.jar"), "");
    return launcher;
  }

  private Path checkout() throws IOException {
    Path checkout = Files.createDirectories(folder.toRealPath().resolve("check out"));
    Files.copy(JavaProcess.project().resolve("embed"), checkout.resolve("embed"));
    for (String file :
        List.of(
            "pom.xml",
            "LICENSE",
            "NOTICE",
            "README.md",
            "deploy/examples/job.yaml",
            "schemas/pom.xml",
            "schemas/src/main/a.avsc",
            "operators/core/pom.xml",
            "operators/core/src/main/A.java",
            "jobs/cli/pom.xml",
            "jobs/cli/src/main/B.java")) {
      Path path = checkout.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, file);
    }
    try (Stream<Path> all = Files.walk(checkout)) {
      for (Path path : all.toList()) {
        Files.setLastModifiedTime(path, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
      }
    }
    executable(
        folder.resolve("bin/mvn"),
        """
        #!/bin/sh
        while [ "$1" != -f ]; do shift; done
        target=$(dirname "$2")/jobs/cli/target
        mkdir -p "$target/distribution"
        printf '#!/bin/sh\\necho "ran $*"\\n' >"$target/distribution/embed"
        chmod +x "$target/distribution/embed"
        """);
    return checkout;
  }

  private void testingJava(String errors) throws IOException {
    Files.writeString(folder.resolve("errors"), errors);
    executable(
        javaHome().resolve("bin/java"),
        """
        #!/bin/sh
        if [ "$1" = -version ]; then
          echo 'openjdk version "17.0.1"' >&2
          exit
        fi
        for argument in "$@"; do echo "argument:$argument"; done
        cat "$(dirname "$0")/../../errors" >&2
        exit 7
        """);
  }

  private Path javaHome() throws IOException {
    return folder.toRealPath().resolve("java home");
  }

  private static void executable(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** No file system is so coarse that it does not see this. */
  private static void later(Path path) throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(Instant.now().plusSeconds(5)));
  }

  private Map<String, String> environment() throws IOException {
    Map<String, String> environment = new HashMap<>();
    environment.put("JAVA_HOME", javaHome().toString());
    environment.put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
    return environment;
  }

  /** What came on both streams until both were closed, then the exit code. */
  private String run(Path launcher, String... arguments) throws Exception {
    String[] command =
        Stream.concat(
                Stream.of(
                    "sh",
                    "-c",
                    "{ \"$0\" \"$@\"; echo $? >exit-code; } 2>&1 | cat",
                    launcher.toString()),
                Stream.of(arguments))
            .toArray(String[]::new);
    List<String> said = JavaProcess.run(folder, environment(), command).out();
    String exitCode = Files.readString(folder.resolve("exit-code"));
    return String.join("\n", said) + "\nexit " + exitCode;
  }
}
