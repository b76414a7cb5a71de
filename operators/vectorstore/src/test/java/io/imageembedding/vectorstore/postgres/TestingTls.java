// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * Speaks TLS in front of a PostgreSQL that was built without it, as a proxy before a database does:
 * answers the request for TLS, makes the handshake with a self-signed certificate of its own, and
 * passes on what comes through.
 */
public final class TestingTls implements AutoCloseable {
  private static final int REQUEST_LENGTH = 8;
  private static final int TLS_REQUEST = 80_877_103;
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Socket> open = new ArrayList<>();
  private final SSLContext tls;
  private final Path certificate;
  private final int target;

  /**
   * @param folder for the key and the certificate
   * @param host that the certificate is for
   * @param target port on this machine
   */
  public TestingTls(Path folder, String host, int target)
      throws IOException, InterruptedException, GeneralSecurityException {
    this.target = target;
    Path keys = folder.resolve(host + ".p12");
    certificate = folder.resolve(host + ".crt");
    keytool(
        keys, "-genkeypair", "-keyalg", "RSA", "-dname", "CN=" + host, "-ext", "SAN=dns:" + host);
    keytool(keys, "-exportcert", "-rfc", "-file", certificate.toString());
    KeyStore store = KeyStore.getInstance(keys.toFile(), PASSWORD);
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, PASSWORD);
    tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    start(this::accept);
  }

  private static void keytool(Path keys, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(
        List.of("-keystore", keys.toString(), "-storepass", new String(PASSWORD), "-alias", "it"));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(command + " failed");
    }
  }

  /** On this machine. */
  public int port() {
    return socket.getLocalPort();
  }

  /** The file with the certificate that clients have to trust. */
  public Path certificate() {
    return certificate;
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = keep(socket.accept());
      start(() -> serve(client));
    }
  }

  private synchronized Socket keep(Socket connection) {
    open.add(connection);
    return connection;
  }

  private void serve(Socket client) throws IOException {
    try (client;
        Socket server = keep(new Socket(InetAddress.getLoopbackAddress(), target))) {
      DataInputStream request = new DataInputStream(client.getInputStream());
      if (request.readInt() != REQUEST_LENGTH || request.readInt() != TLS_REQUEST) {
        throw new IOException("a client did not ask for TLS");
      }
      client.getOutputStream().write('S');
      try (SSLSocket secure =
          (SSLSocket) tls.getSocketFactory().createSocket(client, null, client.getPort(), false)) {
        secure.setUseClientMode(false);
        secure.startHandshake();
        start(() -> pass(server.getInputStream(), secure.getOutputStream()));
        pass(secure.getInputStream(), server.getOutputStream());
      }
    }
  }

  private static void pass(InputStream from, OutputStream to) throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
      to.write(buffer, 0, read);
      to.flush();
    }
  }

  private void start(Action action) {
    threads.execute(
        () -> {
          try {
            action.run();
          } catch (IOException e) {
            // The end of a connection, or of all of this.
          }
        });
  }

  private interface Action {
    void run() throws IOException;
  }

  @Override
  public synchronized void close() throws IOException {
    socket.close();
    for (Socket connection : open) {
      connection.close();
    }
    threads.shutdownNow();
    Files.deleteIfExists(certificate);
  }
}
