// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.vectorstore.Version;
import java.awt.Color;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of the page share: a server of a small store, and how it is asked. */
abstract class PageServing {
  static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  static final String MARK = "words in the file that no page is to show";

  @TempDir static Path folder;
  static byte[] red;
  static Path indexed;
  static PageServer server;

  @BeforeAll
  static void start() throws Exception {
    Path images = Files.createDirectories(folder.resolve("images/sub"));
    indexed = folder.toRealPath().resolve("images");
    red = TestingPictures.png(300, 200, Color.RED);
    byte[] green = TestingPictures.png(900, 600, Color.GREEN);
    byte[] marked = Arrays.copyOf(red, red.length + MARK.length());
    System.arraycopy(MARK.getBytes(UTF_8), 0, marked, red.length, MARK.length());
    Path outside = Files.write(folder.resolve("outside.png"), green);
    Path inside = Files.write(images.resolve("red.png"), marked);
    Path large = Files.write(images.resolve("green.png"), green);
    Path hidden = Files.write(images.resolve(".hidden.png"), green);
    Path text = Files.writeString(images.resolve("text.png"), "no image");
    Path link = Files.createSymbolicLink(images.resolve("link.png"), outside);
    Path inner = Files.createSymbolicLink(images.resolve("inner.png"), inside);
    Path way = Files.createSymbolicLink(images.resolve("way"), folder);
    String store = "lucene:" + folder.resolve("store");
    try (TestingPictures pictures = new TestingPictures(store)) {
      pictures.write(
          pictures.ofFile("sub/red.png", inside, red, 9),
          pictures.ofFile("sub/green.png", large, green, 8),
          pictures.ofFile("sub/link.png", link, green, 7),
          pictures.ofFile("sub/inner.png", inner, green, 6),
          pictures.ofFile("sub/way/outside.png", way.resolve("outside.png"), green, 5),
          pictures.ofFile("sub/.hidden.png", hidden, green, 4),
          pictures.ofFile("sub/text.png", text, green, 3),
          pictures.ofFile("sub/gone.png", images.resolve("gone.png"), green, 2),
          pictures.ofFile("../outside.png", images.resolve("../outside.png"), green, 1),
          pictures.ofFile("other.png", inside, green, 1),
          pictures.of(
              "outside.png",
              TestingPictures.png(90, 60, Color.BLUE),
              new Version(100, "images", 1, 17),
              outside.toUri().toString(),
              Map.of("album", "a & b")));
    }
    server =
        PageServer.start(
            store,
            ImageSource.indexedFiles(Set.of(indexed)),
            QueryModel.of(TestingPictures.MODEL),
            ANY_PORT,
            Optional.empty());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static String thumbnailOf(String id) {
    return "/thumbnail?id=" + encoded(id);
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  static HttpResponse<byte[]> get(String path) throws Exception {
    return get(server.address(), path);
  }

  static HttpResponse<byte[]> get(URI address, String path) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(address.resolve(path)).build(), BodyHandlers.ofByteArray());
  }

  static HttpResponse<byte[]> post(String path, byte[] body) throws Exception {
    return post(server.address(), path, body);
  }

  static HttpResponse<byte[]> post(URI address, String path, byte[] body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(address.resolve(path))
            .POST(BodyPublishers.ofByteArray(body))
            .build(),
        BodyHandlers.ofByteArray());
  }

  static JsonNode json(HttpResponse<byte[]> answer) throws IOException {
    assertThat(answer.statusCode()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
    return new ObjectMapper().readTree(answer.body());
  }

  static JsonNode failure(HttpResponse<byte[]> answer) throws IOException {
    return new ObjectMapper().readTree(answer.body()).get("error");
  }

  static String code(HttpResponse<byte[]> answer) throws IOException {
    return failure(answer).get("code").asText();
  }

  /** Sends a request as it stands, which a client would not. */
  static Socket send(String head) throws IOException {
    Socket socket = new Socket("127.0.0.1", server.address().getPort());
    OutputStream out = socket.getOutputStream();
    out.write((head + "\r\n").getBytes(ISO_8859_1));
    out.flush();
    return socket;
  }

  static String raw(String head) throws IOException {
    try (Socket socket = send(head + "Connection: close\r\n")) {
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
