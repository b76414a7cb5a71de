// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Programs that files below {@code deploy/} are tested by, of {@code src/it/tools} or installed.
 */
final class DeployTools {
  private static final Path FETCHED = JavaProcess.project().resolve("src/it/target/tools");

  private DeployTools() {}

  /** A program; the calling test is skipped where there is none. */
  static Path program(String name) {
    return Stream.concat(
            Stream.of(FETCHED.resolve("venv/bin")),
            Arrays.stream(System.getenv("PATH").split(File.pathSeparator)).map(Path::of))
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseGet(() -> missing(name));
  }

  /** A Python with a package; the calling test is skipped where there is none. */
  static Path python(String with) throws IOException {
    Path python = FETCHED.resolve("venv/bin/python");
    try (Stream<Path> versions =
        Files.find(FETCHED.resolve("venv/lib"), 1, (file, is) -> is.isDirectory())) {
      return versions.anyMatch(lib -> Files.isDirectory(lib.resolve("site-packages/" + with)))
          ? python
          : missing("Python with " + with);
    } catch (NoSuchFileException e) {
      return missing("Python with " + with);
    }
  }

  /** A Flink as it is distributed; the calling test is skipped where there is none. */
  static Path flink() {
    Path flink = FETCHED.resolve("flink");
    return Files.isDirectory(flink) ? flink : missing("Flink");
  }

  /** The folder of the SQL client's jars; the calling test is skipped where there is none. */
  static Path sqlClient() {
    Path jars = flink().resolve("opt");
    return Files.isDirectory(jars) ? jars : missing("SQL client of Flink");
  }

  private static Path missing(String what) {
    if (Boolean.parseBoolean(System.getenv("IMAGE_EMBEDDING_REQUIRE_TEST_DATA"))) {
      throw new AssertionError(what + " is required but missing; src/it/tools fetches it");
    }
    assumeTrue(false, "skipped: there is no " + what + "; src/it/tools fetches it");
    throw new IllegalStateException();
  }
}
