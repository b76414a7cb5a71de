// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A process that a test started and may do harm to: kill it, freeze it, and see what it takes of
 * the machine. On Linux only.
 */
public final class ChildProcess implements AutoCloseable {
  private static final int POLITE_SECONDS = 20;
  private static final Pattern METASPACE = Pattern.compile("Metaspace\\s+used (\\d+)K");

  private final String name;
  private final Process process;

  ChildProcess(String name, Process process) {
    this.name = name;
    this.process = process;
  }

  /** What the process is, and its number among its kind. */
  public String name() {
    return name;
  }

  long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL; it is gone when this returns. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** SIGSTOP: it is there, holds its connections, and does nothing. */
  public void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  public void resume() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    run("kill", "-" + signal, String.valueOf(process.pid()));
  }

  /**
   * Bytes of metaspace that a Java process uses once it has collected all garbage, class loaders
   * that nothing uses among it.
   */
  public long metaspaceBytes() throws IOException, InterruptedException {
    jcmd("GC.run");
    Matcher used = METASPACE.matcher(jcmd("GC.heap_info"));
    if (!used.find()) {
      throw new IOException("jcmd does not say the metaspace of " + name);
    }
    return 1024 * Long.parseLong(used.group(1));
  }

  /** Class loaders of jobs that a TaskManager has once it has collected all garbage. */
  public long jobClassLoaders() throws IOException, InterruptedException {
    jcmd("GC.run");
    return jcmd("VM.classloader_stats")
        .lines()
        .filter(line -> line.contains("ChildFirstClassLoader"))
        .count();
  }

  private String jcmd(String command) throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    return run(jcmd.toString(), String.valueOf(process.pid()), command);
  }

  private String run(String... command) throws IOException, InterruptedException {
    Process ran = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(ran.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (ran.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed for " + name + ": " + said);
    }
    return said;
  }

  /** Bytes of physical memory; 0 if it has ended. */
  public long residentBytes() throws IOException {
    return 1024 * status("VmRSS:");
  }

  /** Threads of the operating system; 0 if it has ended. */
  public long threads() throws IOException {
    return status("Threads:");
  }

  /** File descriptors, sockets among them; 0 if it has ended. */
  public long openFiles() throws IOException {
    Path folder = proc("fd");
    if (!Files.exists(folder)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.count();
    }
  }

  private long status(String key) throws IOException {
    Path file = proc("status");
    if (!isAlive() || !Files.exists(file)) {
      return 0;
    }
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  private Path proc(String file) {
    return Path.of("/proc", String.valueOf(process.pid()), file);
  }

  /** SIGTERM, and SIGKILL if that does not end it. */
  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(POLITE_SECONDS, TimeUnit.SECONDS)) {
      kill();
    }
  }
}
