// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.model.ModelSource;
import io.imageembedding.tensorflow.GraphSession;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
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
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageServerTest {
  private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String MARK = "words in the file that no page is to show";

  @TempDir static Path folder;
  private static byte[] red;
  private static Path indexed;
  private static PageServer server;

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
            TestingPictures.MODEL,
            ANY_PORT,
            Optional.empty());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void newestComeFirstWithWhereTheyCameFrom() throws Exception {
    JsonNode newest = json(get("/api/newest?n=2"));

    assertThat(newest.get("count").asInt()).isEqualTo(11);
    assertThat(newest.get("pictures")).hasSize(2);
    JsonNode first = newest.get("pictures").get(0);
    assertThat(first.get("id").asText()).isEqualTo("outside.png");
    assertThat(first.get("source"))
        .hasToString("{\"topic\":\"images\",\"partition\":1,\"offset\":17}");
    assertThat(first.get("time").asText()).isEqualTo("1970-01-01T00:00:00.100Z");
    assertThat(first.get("attributes").get("album").asText()).isEqualTo("a & b");
    JsonNode second = newest.get("pictures").get(1);
    assertThat(second.get("id").asText()).isEqualTo("sub/red.png");
    assertThat(second.get("uri").asText()).endsWith("images/sub/red.png");
    assertThat(second.get("width").asInt()).isEqualTo(300);
    assertThat(second.has("source")).isFalse();
  }

  @Test
  void whatTheStoreHoldsIsSaid() throws Exception {
    JsonNode is = json(get("/api/describe"));

    assertThat(is.get("dimension").asInt()).isEqualTo(1280);
    assertThat(is.get("metric").asText()).isEqualTo("cosine");
    assertThat(is.get("space").get("model").asText()).contains("mobilenet_v2_0.35_96");
    assertThat(is.get("space").get("sha256").asText()).matches("[0-9a-f]{64}");
    assertThat(is.get("space").get("precision").asText()).isEqualTo("fp32");
  }

  @Test
  void thumbnailsAreMadeOfPixelsAndNotTheFile() throws Exception {
    HttpResponse<byte[]> thumbnail = get(thumbnailOf("sub/red.png"));

    assertThat(thumbnail.statusCode()).isEqualTo(200);
    assertThat(thumbnail.headers().firstValue("Content-Type")).contains("image/jpeg");
    assertThat(new String(thumbnail.body(), ISO_8859_1)).doesNotContain(MARK);
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(thumbnail.body()));
    assertThat(image.getWidth()).isEqualTo(300);
    assertThat(image.getHeight()).isEqualTo(200);
    assertThat(new Color(image.getRGB(150, 100)).getRed()).isGreaterThan(240);
    BufferedImage smaller =
        ImageIO.read(new ByteArrayInputStream(get(thumbnailOf("sub/green.png")).body()));
    assertThat(smaller.getWidth()).isEqualTo(400);
    assertThat(smaller.getHeight()).isEqualTo(267);
  }

  @Test
  void linksWithinTheFolderAreFollowed() throws Exception {
    assertThat(get(thumbnailOf("sub/inner.png")).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sub/link.png",
        "sub/way/outside.png",
        "sub/.hidden.png",
        "sub/gone.png",
        "../outside.png",
        "other.png",
        "outside.png"
      })
  void whatIsNotBelowTheIndexedFolderIsNotRead(String id) throws Exception {
    HttpResponse<byte[]> thumbnail = get(thumbnailOf(id));

    assertThat(thumbnail.statusCode()).isEqualTo(404);
    assertThat(code(thumbnail)).isEqualTo("NO_IMAGE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sub/link.png", "sub/way/outside.png", "../outside.png", "outside.png"})
  void whatIsNotBelowTheNamedFolderIsNotRead(String id) throws Exception {
    try (VectorStore store =
            VectorStore.open("lucene:" + folder.resolve("store"), OpenMode.read());
        ImageSource below = ImageSource.filesBelow(folder.resolve("images"))) {
      var stored = store.get(id).orElseThrow();
      assertThat(below.find(id, stored.version(), stored.image())).isEmpty();
      var good = store.get("sub/red.png").orElseThrow();
      assertThat(below.find("sub/red.png", good.version(), good.image())).isPresent();
    }
  }

  @Test
  void withoutAUriTheIdNamesAFileBelowTheNamedFolder() throws Exception {
    try (TestingPictures pictures = new TestingPictures("lucene:unused");
        ImageSource below = ImageSource.filesBelow(folder.resolve("images"))) {
      var stored = pictures.of("sub/red.png", red, new Version(1, "images", 0, 0), null, Map.of());

      assertThat(below.find(stored.id(), stored.version(), stored.image())).isPresent();
      for (String id :
          List.of("../outside.png", folder.resolve("outside.png").toString(), "sub", "\0")) {
        assertThat(below.find(id, stored.version(), stored.image())).as(id).isEmpty();
      }
    }
  }

  @Test
  void whatNobodyIndexedHereIsNotReadWhateverTheStoreSays() throws Exception {
    Path secret = Files.createDirectories(folder.resolve("home/private"));
    Path picture = Files.write(secret.resolve("me.png"), red);
    try (TestingPictures pictures = new TestingPictures("lucene:unused");
        ImageSource files = ImageSource.indexedFiles(Set.of(indexed));
        ImageSource own = ImageSource.indexedFiles(Set.of(secret.toRealPath()))) {
      var stored = pictures.of("me.png", red, Version.at(1), picture.toUri().toString(), Map.of());

      assertThat(files.find(stored.id(), stored.version(), stored.image())).isEmpty();
      assertThat(own.find(stored.id(), stored.version(), stored.image())).isPresent();
    }
  }

  @Test
  void aFileThatIsNoImageIsNotServed() throws Exception {
    HttpResponse<byte[]> thumbnail = get(thumbnailOf("sub/text.png"));

    assertThat(thumbnail.statusCode()).isEqualTo(422);
    assertThat(code(thumbnail)).isEqualTo("NOT_AN_IMAGE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/thumbnail/../../etc/passwd",
        "//etc/passwd",
        "/page.html",
        "/api/",
        "/api/search/"
      })
  void noOtherPathLeadsAnywhere(String path) throws Exception {
    assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n")).startsWith("HTTP/1.1 404");
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, 200",
    "127.0.0.1:4711, 200",
    "[::1], 200",
    "LocalHost, 200",
    "pictures.example, 421",
    "127.0.0.1.example, 421",
    "localhost.example:80, 421",
    "192.168.0.7, 421"
  })
  void onlyALocalHostIsAnswered(String host, int status) throws Exception {
    assertThat(raw("GET /api/describe HTTP/1.1\r\nHost: " + host + "\r\n"))
        .startsWith("HTTP/1.1 " + status);
  }

  @Test
  void aRequestWithoutHostIsRefused() throws Exception {
    assertThat(raw("GET /api/describe HTTP/1.0\r\n")).startsWith("HTTP/1.1 421");
  }

  @ParameterizedTest
  @CsvSource({
    "Origin, http://pictures.example, 403",
    "Origin, null, 403",
    "Origin, http://localhost:1, 403",
    "Origin, http://localhost, 422",
    "Sec-Fetch-Site, cross-site, 403",
    "Sec-Fetch-Site, same-site, 403",
    "Sec-Fetch-Site, same-origin, 422"
  })
  void pagesOfOtherSitesCannotSearch(String header, String value, int status) throws Exception {
    assertThat(
            raw(
                "POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                    + header
                    + ": "
                    + value
                    + "\r\n"))
        .startsWith("HTTP/1.1 " + status);
  }

  @Test
  void pagesOfOtherSitesCannotShowThumbnailsButMayLinkToThePage() throws Exception {
    String foreign = "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n";

    assertThat(raw("GET /thumbnail?id=sub/red.png HTTP/1.1\r\n" + foreign))
        .startsWith("HTTP/1.1 403");
    assertThat(raw("GET / HTTP/1.1\r\n" + foreign)).startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @CsvSource({
    "PUT, /",
    "DELETE, /api/search",
    "OPTIONS, /api/search",
    "POST, /thumbnail",
    "HEAD, /"
  })
  void otherMethodsAreRefused(String method, String path) throws Exception {
    assertThat(raw(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n"))
        .startsWith("HTTP/1.1 405")
        .contains("Allow: GET");
  }

  @Test
  void anImageFindsItselfFirst() throws Exception {
    JsonNode found = json(post("/api/search?k=3", red));

    assertThat(found.get("hits")).hasSize(3);
    assertThat(found.get("hits").get(0).get("id").asText()).isEqualTo("sub/red.png");
    assertThat(found.get("hits").get(0).get("cosine").asDouble()).isGreaterThan(0.9999);
    JsonNode image = found.get("query").get("image");
    assertThat(image.get("width").asInt()).isEqualTo(300);
    assertThat(image.get("thumbnail").asText()).startsWith("data:image/jpeg;base64,");
  }

  @Test
  void aPictureOfTheStoreFindsOthers() throws Exception {
    JsonNode found = json(get("/api/search?k=100&id=" + encoded("sub/green.png")));

    assertThat(found.get("query").get("picture").get("id").asText()).isEqualTo("sub/green.png");
    assertThat(found.get("hits"))
        .hasSize(10)
        .noneMatch(hit -> hit.get("id").asText().equals("sub/green.png"));
  }

  @Test
  void filtersHold() throws Exception {
    JsonNode found =
        json(
            get("/api/search?id=sub/red.png&filter=topic=images&filter=" + encoded("album=a & b")));
    assertThat(found.get("hits")).hasSize(1);
    assertThat(found.get("filter").get("album").asText()).isEqualTo("a & b");
    assertThat(json(get("/api/search?id=sub/red.png&filter=unknown=1")).get("hits")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "/api/search?id=nobody, 404, nobody",
    "/thumbnail?id=..%2F..%2Fetc%2Fpasswd, 404, passwd",
    "/api/search, 400, id",
    "/api/search?id=sub/red.png&filter=album, 400, key=value",
    "/api/search?id=sub/red.png&filter=a%3D1&filter=a%3D2, 400, two values",
    "/api/search?id=sub/red.png&fliter=a%3D1, 400, fliter",
    "/api/search?id=sub/red.png&id=2, 400, twice",
    "/api/search?id=sub/red.png&k=0, 400, 1 to 100",
    "/api/search?id=sub/red.png&k=101, 400, 1 to 100",
    "/api/newest?n=x, 400, 1 to 120",
    "/api/describe?n=1, 400, none"
  })
  void whatCannotBeAnsweredIsSaid(String path, int status, String message) throws Exception {
    HttpResponse<byte[]> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(failure(answer).get("message").asText()).contains(message);
  }

  @Test
  void anAddressThatIsNotWellEncodedIsRefused() throws Exception {
    assertThat(raw("GET /api/search?id=%ff%zz HTTP/1.1\r\nHost: localhost\r\n"))
        .startsWith("HTTP/1.1 400");
  }

  @Test
  void brokenImagesAreRefusedAsAJobWould() throws Exception {
    assertRefused(new byte[0], "EMPTY");
    assertRefused("no image".getBytes(UTF_8), "NOT_AN_IMAGE");
    assertRefused("<svg/>".getBytes(UTF_8), "UNSUPPORTED_FORMAT");
    assertRefused(Arrays.copyOf(red, red.length / 2), "TRUNCATED");
    byte[] bomb = red.clone();
    // Width of the PNG's header.
    bomb[16] = 0x7f;
    assertRefused(bomb, "TOO_LARGE");
  }

  private static void assertRefused(byte[] image, String code) throws Exception {
    HttpResponse<byte[]> answer = post("/api/search", image);
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(failure(answer).get("stage").asText()).isEqualTo("image");
    assertThat(code(answer)).isEqualTo(code);
  }

  @Test
  void anImageOfTooManyBytesIsRefused() throws Exception {
    HttpResponse<byte[]> answer = post("/api/search", new byte[Api.MAX_UPLOAD_BYTES + 1]);

    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(failure(answer).get("message").asText()).contains("33554432");
  }

  @Test
  void moreUploadsThanAreTakenAreToldToTryAgain() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < Api.MAX_UPLOADS; i++) {
        slow.add(send("POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () -> {
                HttpResponse<byte[]> busy = post("/api/search", red);
                assertThat(busy.statusCode()).isEqualTo(503);
                assertThat(busy.headers().firstValue("Retry-After")).contains("1");
              });
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(post("/api/search", red).statusCode()).isEqualTo(200));
  }

  @Test
  void thePolicyLetsNothingRunButWhatIsInThePage() throws Exception {
    HttpResponse<byte[]> page = get("/");
    String html = new String(page.body(), UTF_8);
    String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();

    assertThat(policy)
        .contains("default-src 'none'", "frame-ancestors 'none'")
        .contains("script-src " + digest(html, "script") + ";")
        .contains("style-src " + digest(html, "style") + ";")
        .doesNotContain("unsafe");
    assertThat(html).doesNotContain(" style=", " onclick=", "http://", "https://", "innerHTML");
    assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    assertThat(page.headers().firstValue("X-Frame-Options")).contains("DENY");
    assertThat(page.headers().firstValue("Cross-Origin-Resource-Policy")).contains("same-origin");
    assertThat(get("/nowhere").headers().firstValue("Content-Security-Policy")).contains(policy);
  }

  private static String digest(String html, String element) throws Exception {
    Matcher only =
        Pattern.compile("<%1$s>(.*?)</%1$s>".formatted(element), Pattern.DOTALL).matcher(html);
    assertThat(only.find()).isTrue();
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(only.group(1).getBytes(UTF_8));
    assertThat(only.find()).isFalse();
    return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
  }

  @Test
  void aStoreOfAnotherModelIsRefusedAtStartNamingBoth() {
    assertThatThrownBy(
            () ->
                PageServer.start(
                    "lucene:" + folder.resolve("store"),
                    ImageSource.indexedFiles(Set.of(indexed)),
                    ModelSource.parse("untrained:mobilenet_v2_0.5_96"),
                    ANY_PORT,
                    Optional.empty()))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("mobilenet_v2_0.35_96", "mobilenet_v2_0.5_96");
  }

  @Test
  void aServerThatCannotStartClosesWhatItHas() throws Exception {
    int graphs = GraphSession.open();
    TestingImageSource images = new TestingImageSource();
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", port);
    ModelSource model =
        () -> {
          throw new OutOfMemoryError("Physical memory usage is too high");
        };

    assertThatThrownBy(
            () ->
                PageServer.start(
                    "lucene:" + folder.resolve("store"), images, model, address, Optional.empty()))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(images.closed).isEqualTo(1);
    assertThat(GraphSession.open()).isEqualTo(graphs);
    new ServerSocket(port, 1, address.getAddress()).close();
  }

  private static final class TestingImageSource implements ImageSource {
    private int closed;

    @Override
    public Optional<byte[]> find(String id, Version version, ImageMetadata image) {
      return Optional.empty();
    }

    @Override
    public void close() {
      closed++;
    }
  }

  @Test
  void aPortThatIsTakenIsRefused() {
    assertThatThrownBy(
            () ->
                PageServer.start(
                    "lucene:" + folder.resolve("store"),
                    ImageSource.indexedFiles(Set.of(indexed)),
                    TestingPictures.MODEL,
                    new InetSocketAddress("127.0.0.1", server.address().getPort()),
                    Optional.empty()))
        .isInstanceOf(BindException.class);
  }

  @Test
  void anEmptyStoreWaitsForItsFirstPictures() throws Exception {
    String store = "lucene:" + Files.createDirectories(folder.resolve("empty"));
    try (PageServer waiting =
        PageServer.start(
            store,
            ImageSource.indexedFiles(Set.of(indexed)),
            TestingPictures.MODEL,
            ANY_PORT,
            Optional.empty())) {
      URI address = waiting.address();
      assertThat(json(get(address, "/api/newest")).get("count").asInt()).isZero();
      HttpResponse<byte[]> early = post(address, "/api/search", red);
      assertThat(early.statusCode()).isEqualTo(409);
      assertThat(code(early)).isEqualTo("EMPTY_STORE");

      try (TestingPictures pictures = new TestingPictures(store)) {
        pictures.write(pictures.ofFile("red.png", folder.resolve("images/sub/red.png"), red, 1));
      }

      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(json(get(address, "/api/newest")).get("pictures"))
                      .singleElement()
                      .satisfies(
                          picture -> assertThat(picture.get("id").asText()).isEqualTo("red.png")));
      assertThat(json(post(address, "/api/search", red)).get("hits")).hasSize(1);
    }
  }

  private static String thumbnailOf(String id) {
    return "/thumbnail?id=" + encoded(id);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  private static HttpResponse<byte[]> get(String path) throws Exception {
    return get(server.address(), path);
  }

  private static HttpResponse<byte[]> get(URI address, String path) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(address.resolve(path)).build(), BodyHandlers.ofByteArray());
  }

  private static HttpResponse<byte[]> post(String path, byte[] body) throws Exception {
    return post(server.address(), path, body);
  }

  private static HttpResponse<byte[]> post(URI address, String path, byte[] body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(address.resolve(path))
            .POST(BodyPublishers.ofByteArray(body))
            .build(),
        BodyHandlers.ofByteArray());
  }

  private static JsonNode json(HttpResponse<byte[]> answer) throws IOException {
    assertThat(answer.statusCode()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
    return new ObjectMapper().readTree(answer.body());
  }

  private static JsonNode failure(HttpResponse<byte[]> answer) throws IOException {
    return new ObjectMapper().readTree(answer.body()).get("error");
  }

  private static String code(HttpResponse<byte[]> answer) throws IOException {
    return failure(answer).get("code").asText();
  }

  /** Sends a request as it stands, which a client would not. */
  private static Socket send(String head) throws IOException {
    Socket socket = new Socket("127.0.0.1", server.address().getPort());
    OutputStream out = socket.getOutputStream();
    out.write((head + "\r\n").getBytes(ISO_8859_1));
    out.flush();
    return socket;
  }

  private static String raw(String head) throws IOException {
    try (Socket socket = send(head + "Connection: close\r\n")) {
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
