// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A registry on a bare socket, which does to each connection what a test says. */
final class TestingRegistry implements AutoCloseable {

  /** What is done with one request. */
  interface Behaviour {
    void answer(String requestLine, Socket connection) throws IOException, InterruptedException;
  }

  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> connections = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  final List<String> requests = new CopyOnWriteArrayList<>();

  TestingRegistry(Behaviour behaviour) throws IOException {
    threads.execute(
        () -> {
          while (!server.isClosed()) {
            try {
              Socket connection = server.accept();
              connections.add(connection);
              threads.execute(() -> serve(connection, behaviour));
            } catch (IOException e) {
              return;
            }
          }
        });
  }

  private void serve(Socket connection, Behaviour behaviour) {
    try (connection) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
      String requestLine = in.readLine();
      if (requestLine == null) {
        return;
      }
      for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {}
      requests.add(requestLine);
      behaviour.answer(requestLine, connection);
    } catch (SocketException | InterruptedException e) {
      // The client went, or the test is over.
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Answers so, and closes. */
  static Behaviour answers(int status, String body) {
    return (request, connection) -> write(connection, status, body);
  }

  static void write(Socket connection, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    OutputStream out = connection.getOutputStream();
    out.write(
        ("HTTP/1.1 " + status + " x\r\nConnection: close\r\nContent-Length: " + bytes.length)
            .getBytes(StandardCharsets.US_ASCII));
    out.write("\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.flush();
  }

  String url() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket connection : connections) {
      connection.close();
    }
    threads.shutdownNow();
  }
}
