// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.model.ModelSource;
import io.imageembedding.safety.FreePort;
import io.imageembedding.tensorflow.GraphSession;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.Version;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageServerTest extends PageServing {

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
  void aFileThatIsNoImageIsNotServed() throws Exception {
    HttpResponse<byte[]> thumbnail = get(thumbnailOf("sub/text.png"));

    assertThat(thumbnail.statusCode()).isEqualTo(422);
    assertThat(code(thumbnail)).isEqualTo("NOT_AN_IMAGE");
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
  void aStoreOfAnotherModelIsRefusedAtStartNamingBoth() {
    assertThatThrownBy(
            () ->
                PageServer.start(
                    "lucene:" + folder.resolve("store"),
                    ImageSource.indexedFiles(Set.of(indexed)),
                    QueryModel.of(ModelSource.parse("untrained:mobilenet_v2_0.5_96")),
                    ANY_PORT,
                    Optional.empty()))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("mobilenet_v2_0.35_96", "mobilenet_v2_0.5_96");
  }

  @Test
  void aServerThatCannotStartClosesWhatItHas() throws Exception {
    int graphs = GraphSession.open();
    TestingImageSource images = new TestingImageSource();
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", FreePort.find());
    ModelSource model =
        () -> {
          throw new OutOfMemoryError("Physical memory usage is too high");
        };

    assertThatThrownBy(
            () ->
                PageServer.start(
                    "lucene:" + folder.resolve("store"),
                    images,
                    QueryModel.of(model),
                    address,
                    Optional.empty()))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(images.closed).isEqualTo(1);
    assertThat(GraphSession.open()).isEqualTo(graphs);
    new ServerSocket(address.getPort(), 1, address.getAddress()).close();
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
                    QueryModel.of(TestingPictures.MODEL),
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
            QueryModel.of(TestingPictures.MODEL),
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
}
