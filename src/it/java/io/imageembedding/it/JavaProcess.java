// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Java processes on the classpath and with the JVM arguments of the command line. */
public final class JavaProcess {

  /** What a process that has ended left behind. */
  public record Ended(int exitCode, List<String> out, String err) {

    /** Of what it printed; empty if there is none. */
    public String lastLine() {
      return out.isEmpty() ? "" : out.get(out.size() - 1);
    }
  }

  private JavaProcess() {}

  /** The root of the project. */
  public static Path project() {
    return Path.of(System.getProperty("image-embedding.project"));
  }

  static List<String> command(Class<?> main, List<String> arguments) {
    return command(List.of(), main, arguments);
  }

  /** A command with more arguments for the JVM. */
  public static List<String> command(
      List<String> jvmArguments, Class<?> main, List<String> arguments) {
    return command(jvmArguments, System.getProperty("java.class.path"), main.getName(), arguments);
  }

  static List<String> command(String classpath, String main, List<String> arguments) {
    return command(List.of(), classpath, main, arguments);
  }

  static List<String> command(
      List<String> jvmArguments, String classpath, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + project().resolve("jobs/cli/src/main/launch/jvm.args"));
    command.addAll(jvmArguments);
    command.add("-cp");
    command.add(classpath);
    command.add(main);
    command.addAll(arguments);
    return command;
  }

  /** What is noted down and kept for later stays in the folder, and not in the person's home. */
  static void keepApart(ProcessBuilder builder, Path folder) {
    builder
        .environment()
        .putIfAbsent("IMAGE_EMBEDDING_CACHE", folder.resolve(".cache").toAbsolutePath().toString());
  }

  /** Runs a command to its end in the folder. */
  public static Ended run(Path folder, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(Arrays.asList(command))
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(environment);
    keepApart(builder, folder);
    Process process = builder.start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("did not end within 5 minutes: " + String.join(" ", command));
    }
    return new Ended(process.exitValue(), Files.readAllLines(out), Files.readString(err));
  }
}
