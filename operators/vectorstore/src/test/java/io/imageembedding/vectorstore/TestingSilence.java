// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Something that accepts connections and then says nothing, or stands before a server and lets
 * nothing through any more when it is told so.
 */
public final class TestingSilence implements AutoCloseable {
  private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Set<Socket> clients = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicInteger accepted = new AtomicInteger();
  private final int server;
  private final String first;

  /** Whether nothing is let through. */
  public volatile boolean silent;

  private TestingSilence(int server, String first) throws IOException {
    this.server = server;
    this.first = first;
    silent = server == 0;
    threads.submit(
        () -> {
          while (true) {
            Socket client = socket.accept();
            clients.add(client);
            accepted.incrementAndGet();
            threads.submit(
                () -> {
                  serve(client);
                  return null;
                });
          }
        });
  }

  /**
   * What never says more than this.
   *
   * @param first answer to what a client says first
   */
  public static TestingSilence after(String first) throws IOException {
    return new TestingSilence(0, first);
  }

  /** What stands before a server on this machine, and is not silent at first. */
  public static TestingSilence before(int port) throws IOException {
    return new TestingSilence(port, "");
  }

  public int port() {
    return socket.getLocalPort();
  }

  /** Connections that were accepted so far. */
  public int accepted() {
    return accepted.get();
  }

  /** Connections that no side has closed. */
  public long open() {
    return clients.stream().filter(client -> !client.isClosed()).count();
  }

  /** Closes all connections. */
  public void cut() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
  }

  private void serve(Socket client) throws IOException {
    try (client) {
      InputStream in = client.getInputStream();
      if (server == 0) {
        in.read();
        client.getOutputStream().write(first.getBytes(StandardCharsets.US_ASCII));
        in.transferTo(OutputStream.nullOutputStream());
        return;
      }
      try (Socket to = new Socket(InetAddress.getLoopbackAddress(), server)) {
        threads.submit(
            () -> {
              pass(to.getInputStream(), client.getOutputStream());
              client.close();
              return null;
            });
        pass(in, to.getOutputStream());
      }
    }
  }

  private void pass(InputStream from, OutputStream to) throws IOException {
    byte[] bytes = new byte[8192];
    for (int n = from.read(bytes); n >= 0; n = from.read(bytes)) {
      if (!silent) {
        to.write(bytes, 0, n);
        to.flush();
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
    cut();
    threads.shutdownNow();
  }
}
