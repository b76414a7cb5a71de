// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the page does not give away, and to whom it does not answer. */
class PageSafetyTest extends PageServing {

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
  void anAddressThatIsNotWellEncodedIsRefused() throws Exception {
    assertThat(raw("GET /api/search?id=%ff%zz HTTP/1.1\r\nHost: localhost\r\n"))
        .startsWith("HTTP/1.1 400");
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
}
