// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A container without an engine: processes with a root of their own that they cannot write to, as
 * another user who can do nothing to this machine, by bubblewrap. System libraries, Java and the
 * network are those of this machine.
 */
final class Sandbox {
  private static final List<String> OF_THE_SYSTEM =
      List.of("/usr", "/bin", "/sbin", "/lib", "/lib64");

  private final Path root;
  private final String user;
  private final Map<String, String> environment;
  private final Map<Path, String> writable = new TreeMap<>();
  private final Map<Path, String> readable = new TreeMap<>();

  /**
   * @param root with the folder {@code opt} of the image, and its users in {@code etc/passwd}
   * @param user its number, for user and group
   */
  Sandbox(Path root, String user, Map<String, String> environment) throws IOException {
    this.root = root;
    this.user = user;
    this.environment = new TreeMap<>(environment);
    Path javaHome = Path.of(System.getProperty("java.home")).toRealPath();
    this.environment.put("JAVA_HOME", javaHome.toString());
    this.environment.put("PATH", javaHome.resolve("bin") + ":/usr/bin:/bin");
    readable.put(root.resolve("etc/passwd"), "/etc/passwd");
    for (Path file : List.of(javaHome, Path.of("/etc/hosts"), javaEtc())) {
      if (Files.exists(file)) {
        readable.put(file, file.toString());
      }
    }
  }

  /** Debian's Java has its configuration there. */
  private static Path javaEtc() {
    return Path.of("/etc/java-" + Runtime.version().feature() + "-openjdk");
  }

  /** Skips the calling test where no process can have a root of its own. */
  static void requireOrSkip() throws IOException, InterruptedException {
    Path program = DeployTools.program("bwrap");
    Process probe =
        new ProcessBuilder(program.toString(), "--unshare-user", "--ro-bind", "/", "/", "/bin/true")
            .redirectErrorStream(true)
            .start();
    String said = new String(probe.getInputStream().readAllBytes());
    assumeTrue(probe.waitFor() == 0, "skipped: bubblewrap cannot run here: " + said);
  }

  /** Lets processes write there. */
  Sandbox write(Path folder, String as) {
    writable.put(folder, as);
    return this;
  }

  Sandbox read(Path file, String as) {
    readable.put(file, as);
    return this;
  }

  Sandbox with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** A process that ends with this one, both streams in the log. */
  ChildProcess start(String name, Path log, List<String> command) throws IOException {
    return new ChildProcess(
        name,
        new ProcessBuilder(inside(command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start());
  }

  JavaProcess.Ended run(Path folder, List<String> command)
      throws IOException, InterruptedException {
    return JavaProcess.run(folder, Map.of(), inside(command).toArray(String[]::new));
  }

  private List<String> inside(List<String> command) throws IOException {
    List<String> all = new ArrayList<>();
    all.add(DeployTools.program("bwrap").toString());
    all.addAll(List.of("--die-with-parent", "--new-session"));
    all.addAll(List.of("--unshare-user", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL"));
    all.addAll(List.of("--uid", user, "--gid", user, "--clearenv"));
    all.addAll(List.of("--ro-bind", root.resolve("opt").toString(), "/opt"));
    for (String folder : OF_THE_SYSTEM) {
      Path path = Path.of(folder);
      if (Files.isSymbolicLink(path)) {
        all.addAll(List.of("--symlink", Files.readSymbolicLink(path).toString(), folder));
      } else if (Files.exists(path)) {
        all.addAll(List.of("--ro-bind", folder, folder));
      }
    }
    all.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    readable.forEach((from, to) -> all.addAll(List.of("--ro-bind", from.toString(), to)));
    writable.forEach((from, to) -> all.addAll(List.of("--bind", from.toString(), to)));
    all.addAll(List.of("--remount-ro", "/"));
    environment.forEach((name, value) -> all.addAll(List.of("--setenv", name, value)));
    all.add("--");
    all.addAll(command);
    return all;
  }
}
