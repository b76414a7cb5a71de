// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.Embed;
import java.io.BufferedReader;
import java.net.CookieManager;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page as a process that others can reach. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServeITCase {
  private static final String TOKEN = "correct-horse-battery-staple";

  @TempDir Path folder;

  @Test
  void itAsksForTheTokenSaysWhoMayComeAndEndsWithOpenConnections() throws Exception {
    Files.createDirectory(folder.resolve("store"));
    ProcessBuilder builder =
        new ProcessBuilder(
                JavaProcess.command(
                    Embed.class,
                    List.of(
                        "serve",
                        "--store",
                        "lucene:store",
                        "--port=0",
                        "--bind=0.0.0.0",
                        "--token-env=PAGE_TOKEN",
                        "--verbose")))
            .directory(folder.toFile())
            .redirectError(folder.resolve("err").toFile());
    builder.environment().put("PAGE_TOKEN", TOKEN);
    Process server = builder.start();
    List<Socket> open = new ArrayList<>();
    try (BufferedReader out = server.inputReader()) {
      String printed = out.readLine();
      assertThat(printed).as(Files.readString(folder.resolve("err"))).startsWith("http://0.0.0.0:");
      int port = URI.create(printed).getPort();
      URI page = URI.create("http://127.0.0.1:" + port + "/");

      HttpClient browser =
          HttpClient.newBuilder()
              .cookieHandler(new CookieManager())
              .followRedirects(HttpClient.Redirect.NORMAL)
              .build();
      assertThat(get(browser, page.resolve("/api/describe")).statusCode()).isEqualTo(401);
      assertThat(get(browser, page).statusCode()).isEqualTo(401);
      HttpResponse<String> entered = get(browser, page.resolve("/?token=" + TOKEN));
      assertThat(entered.statusCode()).isEqualTo(200);
      assertThat(entered.uri()).isEqualTo(page);
      assertThat(entered.headers().firstValue("Content-Security-Policy")).isPresent();
      assertThat(get(browser, page.resolve("/api/describe")).statusCode()).isEqualTo(200);

      for (String begun : List.of("", "GET / HT", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")) {
        for (int i = 0; i < 20; i++) {
          Socket socket = new Socket("127.0.0.1", port);
          socket.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
          open.add(socket);
        }
      }
      assertThat(get(browser, page.resolve("/api/describe")).statusCode()).isEqualTo(200);

      server.destroy();
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.exitValue()).isEqualTo(143);
    } finally {
      server.destroyForcibly();
      for (Socket socket : open) {
        socket.close();
      }
    }
    assertThat(Files.readString(folder.resolve("err")))
        .contains("every machine that reaches this one can open it with the token")
        .doesNotContain(TOKEN);
  }

  private static HttpResponse<String> get(HttpClient browser, URI address) throws Exception {
    return browser.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
  }
}
