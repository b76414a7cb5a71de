// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.JavaProcess.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A folder like a checkout, in which a person types commands: all that is in it are links, but for
 * what the person may change. Words of the documents that stand for something are bound to it.
 */
final class TypedCommands {
  private static final int PATIENCE_MINUTES = 3;

  private final Path folder;
  private final Map<String, String> bound = new ConcurrentHashMap<>();
  private final Map<String, String> environment = new HashMap<>();

  private TypedCommands(Path folder) {
    this.folder = folder;
  }

  static TypedCommands in(Path folder) throws IOException {
    Path project = JavaProcess.project();
    Path examples = Path.of("deploy/examples");
    Files.createDirectories(folder.resolve(examples));
    for (String name : new String[] {"embed", "jobs", "src", "operators", "schemas"}) {
      Files.createSymbolicLink(folder.resolve(name), project.resolve(name));
    }
    try (Stream<Path> all = Files.list(project.resolve("deploy"))) {
      for (Path each : all.filter(file -> !file.endsWith("examples")).toList()) {
        Files.createSymbolicLink(folder.resolve("deploy").resolve(each.getFileName()), each);
      }
    }
    try (Stream<Path> all = Files.list(project.resolve(examples))) {
      for (Path each : all.filter(Files::isDirectory).toList()) {
        Files.createSymbolicLink(folder.resolve(examples).resolve(each.getFileName()), each);
      }
    }
    // What the launcher would build lies there already: this test is part of a build.
    Files.writeString(project.resolve("jobs/cli/target/embed.built"), "");
    TypedCommands commands = new TypedCommands(folder);
    commands.environment.put("JAVA_HOME", System.getProperty("java.home"));
    commands.environment.put("IMAGE_EMBEDDING_BUILT", "yes");
    return commands;
  }

  Path folder() {
    return folder;
  }

  void bind(String word, String value) {
    bound.put(word, value);
  }

  void set(String variable, String value) {
    environment.put(variable, value);
  }

  private String bound(String command) {
    String text = command;
    for (Map.Entry<String, String> each : bound.entrySet()) {
      text = text.replace(each.getKey(), each.getValue());
    }
    return text;
  }

  /** Runs a command to its end, which has to be a good one. */
  Ended run(String command) throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    ProcessBuilder builder =
        builder(bound(command)).redirectOutput(out.toFile()).redirectError(err.toFile());
    Process process = builder.start();
    boolean over = process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES);
    if (!over) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    Ended ended =
        new Ended(over ? process.exitValue() : -1, Files.readAllLines(out), Files.readString(err));
    assertThat(ended.exitCode()).as("%s%n%s%n%s", command, ended.out(), ended.err()).isZero();
    return ended;
  }

  /** Who runs the tests in the background ignores Ctrl-C, and so would all that they start. */
  private ProcessBuilder builder(String typed) {
    ProcessBuilder builder =
        new ProcessBuilder("env", "--default-signal=INT", "sh", "-c", typed, "a person's shell")
            .directory(folder.toFile());
    builder.environment().putAll(environment);
    JavaProcess.keepApart(builder, folder);
    return builder;
  }

  /** Starts a command that goes on until it is asked to end. */
  Running start(String command) throws IOException {
    Path log = Files.createTempFile(folder, "typed", ".log");
    ProcessBuilder builder =
        builder("exec " + bound(command)).redirectErrorStream(true).redirectOutput(log.toFile());
    return new Running(command, builder.start(), log);
  }

  /** A command that goes on. */
  record Running(String command, Process process, Path log) implements AutoCloseable {

    /** Waits for a line that it prints. */
    Matcher await(String pattern) throws IOException {
      Pattern line = Pattern.compile(pattern);
      try {
        Awaitility.await()
            .atMost(PATIENCE_MINUTES, TimeUnit.MINUTES)
            .until(() -> line.matcher(said()).find() || !process.isAlive());
      } catch (org.awaitility.core.ConditionTimeoutException e) {
        throw new AssertionError(command + " does not say '" + pattern + "':\n" + said(), e);
      }
      Matcher found = line.matcher(said());
      assertThat(found.find()).as("%s%n%s", command, said()).isTrue();
      return found;
    }

    private String said() throws IOException {
      return Files.readString(log);
    }

    /** What Ctrl-C does; it ends as a program does that was interrupted. */
    void interrupt() throws IOException, InterruptedException {
      interrupt(130);
    }

    /** What Ctrl-C does; it ends with that status. */
    void interrupt(int status) throws IOException, InterruptedException {
      new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
      assertThat(process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)).as(said()).isTrue();
      assertThat(process.exitValue()).as(said()).isEqualTo(status);
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
