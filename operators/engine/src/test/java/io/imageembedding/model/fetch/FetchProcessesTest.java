// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fetching by whole processes: several at once, killed ones, and ones without space. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class FetchProcessesTest {
  private static final String HANDLE = "/google/feature_vector/2";
  private static final int SIZE = 3 << 20;

  /** Does not compress, so that its archive is as large. */
  private static final byte[] WEIGHTS = new byte[SIZE];

  private static final byte[] MODEL;

  static {
    new Random(1).nextBytes(WEIGHTS);
    MODEL =
        TestingArchive.gzip(
            TestingArchive.tar(
                out -> {
                  TestingArchive.file(out, "saved_model.pb", new byte[] {1});
                  TestingArchive.file(out, "variables/variables", WEIGHTS);
                }));
  }

  @TempDir Path folder;
  private TestingServer server;

  @BeforeEach
  void start() throws IOException {
    server = new TestingServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** What a child process does: fetches its argument and prints the path, or the message. */
  static final class Fetch {
    private Fetch() {}

    public static void main(String[] arguments) {
      try {
        System.out.println(ModelFetcher.fetch(arguments[0], null));
      } catch (ModelException e) {
        System.out.println(e.getMessage());
        System.exit(1);
      }
    }
  }

  private record Ended(int exitCode, String line) {}

  @ParameterizedTest
  @ValueSource(strings = {"own cache", "hub cache"})
  void twoProcessesThatFetchTheSameAtOnceBothGetItWhole(String cache) throws Exception {
    server.on(HANDLE, TestingServer.slow(MODEL, SIZE / 2, 1_500));
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      processes.add(start(environment(cache), server.url(HANDLE)));
    }

    for (Process process : processes) {
      assertModel(end(process));
    }
    assertThat(server.requests()).hasSize(1);
    assertNoLeftovers();
  }

  @ParameterizedTest
  @ValueSource(strings = {"own cache", "hub cache"})
  void aProcessThatIsKilledHalfWayIsNotSeenByTheNext(String cache) throws Exception {
    server.on(HANDLE, TestingServer.slow(MODEL, SIZE / 2, 60_000), TestingServer.bytes(MODEL));
    Process killed = start(environment(cache), server.url(HANDLE));
    while (bytesIn(folder) < SIZE / 2) {
      assertThat(killed.isAlive()).isTrue();
      Thread.sleep(20);
    }

    killed.destroyForcibly().waitFor();

    assertThat(killed.exitValue()).isEqualTo(137);
    long start = System.nanoTime();
    assertModel(end(start(environment(cache), server.url(HANDLE))));
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
    if (cache.equals("own cache")) {
      // tensorflow_hub's rule for its own is ten minutes.
      assertNoLeftovers();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"own cache", "hub cache"})
  void aFullDiskIsSaidInOneLineAndLaterFetchesSucceed(String cache) throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    // Room for the archive and not for what is in it.
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=" + (SIZE + SIZE / 2), "tmpfs", disk.toString())
            == 0,
        "skipped: no file systems may be mounted here");
    try {
      server.on(HANDLE, TestingServer.bytes(MODEL));

      Ended ended = end(start(environment(cache, disk), server.url(HANDLE)));

      assertThat(ended.exitCode()).isEqualTo(1);
      assertThat(ended.line())
          .startsWith("model " + server.url(HANDLE) + ": the disk is full, " + disk)
          .endsWith(" cannot be written");
      assertThat(bytesIn(disk)).isLessThan(1000);
      assertThat(run("mount", "-o", "remount,size=" + SIZE * 4, disk.toString())).isZero();
      assertModel(end(start(environment(cache, disk), server.url(HANDLE))));
    } finally {
      assertThat(run("umount", "-l", disk.toString())).isZero();
    }
  }

  @Test
  void aLimitOnTheSizeOfFilesIsSaidInOneLineAndLaterFetchesSucceed() throws Exception {
    server.on(HANDLE, TestingServer.bytes(MODEL));
    List<String> command = command(server.url(HANDLE));
    String limited = "ulimit -f " + SIZE / 1024 + "; exec " + String.join(" ", quoted(command));

    Ended ended = end(start(environment("own cache"), List.of("bash", "-c", limited)));

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.line()).contains(": the disk is full, ").endsWith(" cannot be written");
    assertNoLeftovers();
    assertModel(end(start(environment("own cache"), server.url(HANDLE))));
  }

  private static void assertModel(Ended ended) throws IOException {
    assertThat(ended.exitCode()).as(ended.line()).isZero();
    assertThat(Files.readAllBytes(Path.of(ended.line()).resolve("variables/variables")))
        .isEqualTo(WEIGHTS);
  }

  private void assertNoLeftovers() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files).noneMatch(file -> file.toString().contains(".tmp"));
    }
    assertThat(folder.resolve("hub/" + DigestUtils.sha1Hex(server.url(HANDLE)) + ".lock"))
        .doesNotExist();
  }

  private static long bytesIn(Path folder) {
    try {
      return Storage.size(folder);
    } catch (IOException | java.io.UncheckedIOException e) {
      // Files come and go.
      return 0;
    }
  }

  private Map<String, String> environment(String cache) {
    return environment(cache, folder);
  }

  private static Map<String, String> environment(String cache, Path disk) {
    return Map.of(
        ModelCache.ENVIRONMENT,
        disk.resolve("cache").toString(),
        HubCache.ENVIRONMENT,
        cache.equals("hub cache") ? disk.resolve("hub").toString() : "");
  }

  private static Process start(Map<String, String> environment, String text) throws IOException {
    return start(environment, command(text));
  }

  private static Process start(Map<String, String> environment, List<String> command)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static List<String> command(String text) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx256m",
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        "-cp",
        System.getProperty("java.class.path"),
        Fetch.class.getName(),
        text);
  }

  private static List<String> quoted(List<String> command) {
    return command.stream().map(word -> "'" + word + "'").toList();
  }

  private static Ended end(Process process) throws IOException, InterruptedException {
    String out =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    String last = Arrays.asList(out.split("\n")).get(out.split("\n").length - 1);
    return new Ended(process.waitFor(), last);
  }

  private static int run(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }
}
