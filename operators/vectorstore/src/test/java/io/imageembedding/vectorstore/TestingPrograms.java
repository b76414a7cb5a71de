// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Servers that come in Python wheels, which a test installs for itself and starts. */
public final class TestingPrograms {
  private static final String REQUIRED = "IMAGE_EMBEDDING_REQUIRE_TEST_DATA";

  private TestingPrograms() {}

  /**
   * A Python environment with the given packages and what they need, below a build folder. It is
   * made at the first use; one that another process has begun is waited for.
   */
  public static Path python(Path tools, String... packages)
      throws IOException, InterruptedException {
    Files.createDirectories(tools);
    Path environment = tools.resolve("venv");
    Path complete = tools.resolve("complete");
    String wanted = String.join(" ", packages);
    try (FileChannel lock =
            FileChannel.open(
                tools.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = lock.lock()) {
      if (!Files.exists(complete) || !Files.readString(complete).equals(wanted)) {
        run(List.of("python3", "-m", "venv", environment.toString()));
        List<String> install = new ArrayList<>();
        install.addAll(List.of(environment.resolve("bin/pip").toString(), "install", "--quiet"));
        install.addAll(List.of(packages));
        run(install);
        Files.writeString(complete, wanted);
      }
    }
    return environment;
  }

  /** Runs a command to its end, which has to be good and within five minutes. */
  public static void run(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("image-embedding", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(Path.of(System.getProperty("java.io.tmpdir")).toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      boolean ended = process.waitFor(5, TimeUnit.MINUTES);
      if (!ended || process.exitValue() != 0) {
        process.destroyForcibly();
        try (InputStream said = Files.newInputStream(output)) {
          throw new IOException(
              command
                  + (ended ? " failed: " : " did not end: ")
                  + new String(said.readAllBytes(), StandardCharsets.UTF_8).strip());
        }
      }
    } finally {
      Files.delete(output);
    }
  }

  /**
   * Starts a server; the calling test is skipped where that is impossible, or fails where {@value
   * #REQUIRED} is true.
   *
   * @param what for the message
   */
  public static <S> S startOrSkip(String what, Start<S> start) throws InterruptedException {
    String fault;
    try {
      return start.start();
    } catch (IOException e) {
      fault = String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
    }
    if (Boolean.parseBoolean(System.getenv(REQUIRED))) {
      throw new AssertionError(what + " is required but cannot be had: " + fault);
    }
    String skipped = "skipped: no " + what + " can be had here: " + fault;
    System.out.println(skipped);
    assumeTrue(false, skipped);
    throw new AssertionError();
  }

  /** Starts a server. */
  public interface Start<S> {
    /** A failure of this kind means that it cannot be had here. */
    S start() throws IOException, InterruptedException;
  }
}
