// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.safety.FileTrees;
import io.imageembedding.safety.FreePort;
import io.imageembedding.vectorstore.TestingPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real pgbouncer before a server, which gives out few sessions and each for one transaction. It
 * is the one on the {@code PATH}, as Debian's package of that name has it.
 */
final class TestingPooler implements AutoCloseable {
  private static final String CONFIGURATION =
      """
      [databases]
      postgres = host=127.0.0.1 port=%d
      [pgbouncer]
      listen_addr = 127.0.0.1
      listen_port = %d
      unix_socket_dir =
      auth_type = any
      pool_mode = transaction
      default_pool_size = 2
      max_client_conn = 100
      """;

  private final Path folder;
  private final int port;
  private final Process process;

  private TestingPooler(Path folder, int port, Process process) {
    this.folder = folder;
    this.port = port;
    this.process = process;
  }

  /** Starts one, as {@link TestingPrograms#startOrSkip} says. */
  static TestingPooler before(TestingPostgres server) throws InterruptedException {
    return TestingPrograms.startOrSkip(
        "pgbouncer",
        () -> {
          Path folder = Files.createTempDirectory("image-embedding-pgbouncer");
          int port = FreePort.find();
          Path file = folder.resolve("pgbouncer.ini");
          Files.writeString(
              file,
              CONFIGURATION
                  .formatted(server.port(), port)
                  .replace("port=" + server.port(), "port=" + server.port() + " user=test"));
          List<String> command = new ArrayList<>();
          if (TestingPostgres.ROOT) {
            TestingPrograms.run(List.of("chown", "-R", "nobody", folder.toString()));
            command.addAll(List.of("setpriv", "--reuid=nobody", "--clear-groups"));
          }
          command.addAll(List.of(program(), file.toString()));
          Process process =
              new ProcessBuilder(command)
                  .redirectErrorStream(true)
                  .redirectOutput(folder.resolve("log").toFile())
                  .start();
          TestingPooler pooler = new TestingPooler(folder, port, process);
          if (process.waitFor(500, TimeUnit.MILLISECONDS)) {
            String log = Files.readString(folder.resolve("log"));
            pooler.close();
            throw new IOException("pgbouncer ended: " + log);
          }
          return pooler;
        });
  }

  private static String program() throws IOException {
    List<String> folders = new ArrayList<>(List.of(System.getenv("PATH").split(":", -1)));
    folders.add("/usr/sbin");
    return folders.stream()
        .map(folder -> Path.of(folder, "pgbouncer"))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IOException("there is no program pgbouncer"))
        .toString();
  }

  String address() {
    return "postgresql://test@127.0.0.1:" + port + "/postgres";
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    FileTrees.discard(folder);
  }
}
