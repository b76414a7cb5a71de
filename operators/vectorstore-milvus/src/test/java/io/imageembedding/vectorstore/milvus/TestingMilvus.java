// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.safety.FileTrees;
import io.imageembedding.safety.FreePort;
import io.imageembedding.vectorstore.TestingPrograms;
import io.imageembedding.vectorstore.TestingServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A Milvus Lite server of its own process. It comes in Python wheels, which are installed into the
 * module's build folder at the first use. Where {@value #ADDRESS} names a server, for example
 * {@code //localhost:19530}, that is used instead.
 */
public final class TestingMilvus implements TestingServer {
  static final String ADDRESS = "IMAGE_EMBEDDING_TEST_MILVUS";
  private static final String SERVER = "milvus-lite==3.2.2";

  /** Has the protocol that the server speaks. */
  private static final String PROTOCOL = "pymilvus==3.0.2";

  private static final long START_SECONDS = 60;

  private final Path folder;
  private final Path program;
  private final int port;
  private Process process;

  private TestingMilvus(Path folder, Path program, int port) {
    this.folder = folder;
    this.program = program;
    this.port = port;
  }

  /** The server that the environment names; null where it names none. */
  public static String named() {
    String named = System.getenv(ADDRESS);
    return named == null || named.isBlank() ? null : "milvus:" + named;
  }

  /** Starts a server of its own, as {@link TestingPrograms#startOrSkip} says. */
  public static TestingMilvus start() throws InterruptedException {
    return TestingPrograms.startOrSkip(
        "Milvus",
        () -> {
          Path tools =
              Path.of(System.getProperty("image-embedding.project"))
                  .resolve("operators/vectorstore-milvus/target/milvus");
          Path program = TestingPrograms.python(tools, SERVER, PROTOCOL).resolve("bin/milvus-lite");
          TestingMilvus server =
              new TestingMilvus(
                  Files.createTempDirectory("image-embedding-milvus"), program, FreePort.find());
          server.startAgain();
          return server;
        });
  }

  @Override
  public void startAgain() throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    process =
        new ProcessBuilder(
                program.toString(),
                "server",
                "--data-dir",
                folder.resolve("data").toString(),
                "--host",
                "127.0.0.1",
                "--port",
                String.valueOf(port),
                // Milvus Lite does not order what comes in at once, as the real server does.
                "--max-workers",
                "1")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!listens()) {
      if (process.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
        process.destroyForcibly();
        throw new IOException("milvus-lite does not start: " + Files.readString(log).strip());
      }
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Address of the server, for a collection of the caller's. */
  @Override
  public String address() {
    return "milvus://127.0.0.1:" + port;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      kill();
    }
    FileTrees.discard(folder);
  }
}
