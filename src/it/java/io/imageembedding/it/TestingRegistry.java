// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** A schema registry that numbers the schemas that are registered with it, and gives them back. */
final class TestingRegistry implements AutoCloseable {
  private static final String BY_ID = "/schemas/ids/";

  private final ObjectMapper json = new ObjectMapper();
  private final List<String> schemas = new ArrayList<>();
  private final HttpServer server;

  private TestingRegistry(HttpServer server) {
    this.server = server;
  }

  static TestingRegistry start() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    TestingRegistry registry = new TestingRegistry(server);
    server.createContext(
        "/",
        exchange -> {
          byte[] body =
              registry.answer(
                  exchange.getRequestURI().getPath(), exchange.getRequestBody().readAllBytes());
          exchange.sendResponseHeaders(body.length == 0 ? 404 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return registry;
  }

  /** Nothing for an id that was never given. */
  private byte[] answer(String path, byte[] body) throws IOException {
    if (path.startsWith(BY_ID)) {
      int id = Integer.parseInt(path.substring(BY_ID.length()));
      return id < 1 || id > schemas.size()
          ? new byte[0]
          : json.writeValueAsBytes(json.createObjectNode().put("schema", schemas.get(id - 1)));
    }
    int id = register(json.readTree(body).get("schema").asText());
    return json.writeValueAsBytes(json.createObjectNode().put("id", id));
  }

  /** The schema's id, a new one if it has none. */
  synchronized int register(String schema) {
    if (!schemas.contains(schema)) {
      schemas.add(schema);
    }
    return schemas.indexOf(schema) + 1;
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
