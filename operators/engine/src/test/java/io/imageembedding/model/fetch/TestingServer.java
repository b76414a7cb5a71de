// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server on this machine that answers as it was told to. */
final class TestingServer implements AutoCloseable {

  @FunctionalInterface
  interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  TestingServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  /** The path is answered by one after the other; by the last one from then on. */
  void on(String path, Answer... inTurn) {
    answers.put(path, new ArrayDeque<>(List.of(inTurn)));
  }

  /** Paths with queries, in the order in which they came. */
  List<String> requests() {
    return requests;
  }

  static Answer bytes(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
      exchange.getResponseBody().write(content);
    };
  }

  static Answer status(int code) {
    return exchange -> exchange.sendResponseHeaders(code, -1);
  }

  static Answer redirect(String location) {
    return exchange -> {
      exchange.getResponseHeaders().set("Location", location);
      exchange.sendResponseHeaders(302, -1);
    };
  }

  /** Promises the whole and closes the connection after a part. */
  static Answer broken(byte[] content, int sent) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, sent);
      exchange.getResponseBody().flush();
      throw new IOException("on purpose");
    };
  }

  /** A part at once, the rest after the time. */
  static Answer slow(byte[] content, int sent, long millis) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      OutputStream out = exchange.getResponseBody();
      out.write(content, 0, sent);
      out.flush();
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      out.write(content, sent, content.length - sent);
    };
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.add(exchange.getRequestURI().toString());
    Deque<Answer> inTurn = answers.get(exchange.getRequestURI().getPath());
    Answer answer = status(404);
    if (inTurn != null) {
      synchronized (inTurn) {
        answer = inTurn.size() > 1 ? inTurn.poll() : inTurn.peek();
      }
    }
    answer.to(exchange);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
