// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is fetched over http. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class ModelDownloadTest extends ModelFetching {

  @Test
  void aSecondStartDoesNotDownloadAgain() {
    server.on("/m.tar.gz", TestingServer.bytes(MODEL));

    CachedModel first = get(server.url("/m.tar.gz"));
    CachedModel second = get(server.url("/m.tar.gz"));

    assertThat(second).isEqualTo(first);
    assertThat(first.path().resolve("saved_model.pb")).hasContent("graph");
    assertThat(first.sha256()).isEqualTo(first.path().getFileName().toString());
    assertThat(server.requests()).containsExactly("/m.tar.gz");
  }

  @Test
  void withAPinWhatIsInTheCacheNeedsNoNetwork() throws IOException {
    Path archive = Files.write(folder.resolve("m.tgz"), MODEL);
    CachedModel local = get(archive.toString());

    CachedModel model = fetcher(null).get("https://no.such.host/m.tgz", local.sha256(), true);

    assertThat(model.path()).isEqualTo(local.path());
  }

  @Test
  void aWrongPinIsRefusedBeforeAnythingIsUnpacked() throws IOException {
    server.on("/m.tar.gz", TestingServer.bytes(TestingArchive.tar(Map.of("../evil", "x"))));

    assertRefused(server.url("/m.tar.gz"), OTHER_SHA256, "its SHA-256 is ");
    assertRefused(server.url("/m.tar.gz"), OTHER_SHA256, "; needed: " + OTHER_SHA256);

    assertNoModelAndNoLeftovers();
  }

  @Test
  void thePinHoldsAlsoForWhatTheAddressLedToBefore() throws IOException {
    server.on("/m.tgz", TestingServer.bytes(MODEL));
    String sha256 = get(server.url("/m.tgz")).sha256();

    assertThat(fetcher(null).get(server.url("/m.tgz"), sha256, true).sha256()).isEqualTo(sha256);
    assertRefused(server.url("/m.tgz"), OTHER_SHA256, "its SHA-256 is " + sha256);
  }

  @Test
  void theKindOfADownloadIsInItsBytes() {
    server.on("/m.tar", TestingServer.bytes(TestingArchive.zip(TestingArchive.MODEL)));
    server.on("/graph.pb", TestingServer.bytes("graph".getBytes()));
    server.on("/page.zip", TestingServer.bytes("<html>log in".getBytes()));

    assertThat(get(server.url("/m.tar")).path().resolve("saved_model.pb")).exists();
    assertThat(get(server.url("/graph.pb")).path()).hasFileName("graph.pb").hasContent("graph");
    assertRefused(server.url("/page.zip"), null, "not an archive, it is a web page or XML");
  }

  @Test
  void whatIsTransientIsTriedAgain() {
    server.on(
        "/m.tgz",
        TestingServer.status(503),
        TestingServer.broken(MODEL, MODEL.length / 2),
        TestingServer.bytes(MODEL));
    List<Long> reported = Collections.synchronizedList(new ArrayList<>());

    CachedModel model =
        fetcher(null, (done, total) -> reported.add(done)).get(server.url("/m.tgz"), null, true);

    assertThat(model.bytes()).isEqualTo(10);
    assertThat(server.requests()).hasSize(3);
    assertThat(reported).contains((long) MODEL.length);
  }

  @Test
  void triesEndAndWhatIsFinalIsNotTriedAgain() throws IOException {
    server.on("/m.tgz", TestingServer.status(502));

    assertRefused(server.url("/m.tgz"), null, "HTTP status 502 from 127.0.0.1 (3 attempts)");
    assertThat(server.requests()).hasSize(3);
    assertRefused(server.url("/none.tgz"), null, "HTTP status 404 from 127.0.0.1");
    assertThat(server.requests()).hasSize(4);
    assertNoModelAndNoLeftovers();
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() throws IOException {
    server.on("/m.tgz", TestingServer.slow(MODEL, 10, 20_000));

    assertRefused(server.url("/m.tgz"), null, "nothing more came from 127.0.0.1 (3 attempts)");
    assertNoModelAndNoLeftovers();
  }

  @Test
  void aServerThatDripsIsGivenUpWhenTheTimeIsOver() throws IOException {
    server.on(
        "/m.tgz",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          for (byte each : new byte[6000]) {
            exchange.getResponseBody().write(each);
            exchange.getResponseBody().flush();
            LockSupport.parkNanos(10_000_000);
          }
        });
    ModelFetcher fetcher =
        fetcher(null, FetchProgress.NONE, Duration.ofSeconds(30), Duration.ofSeconds(1));

    assertRefusedBy(
        fetcher, server.url("/m.tgz"), null, "127.0.0.1 takes longer than 1 s to send it");
    assertThat(server.requests()).hasSize(1);
    assertNoModelAndNoLeftovers();
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.tgz", "https://no.such.host/m.tgz"})
  void whatWasChangedInTheCacheIsNotUsedUnderThePin(String text) throws IOException {
    Path archive = Files.write(folder.resolve("m.tgz"), MODEL);
    CachedModel model = get(archive.toString());
    Files.writeString(model.path().resolve("saved_model.pb"), "grapf");

    if (text.startsWith("https:")) {
      assertRefused(text, model.sha256(), "no such host");
    } else {
      CachedModel again = fetcher(null).get(archive.toString(), model.sha256(), true);
      assertThat(again.path().resolve("saved_model.pb")).hasContent("graph");
    }
  }

  @Test
  void anEntryOfAnEarlierVersionIsUsedWithoutAPinAndMadeAnewWithOne() throws IOException {
    server.on("/m.tgz", TestingServer.bytes(MODEL));
    CachedModel model = get(server.url("/m.tgz"));
    Files.writeString(cacheRoot.resolve(model.sha256() + ".properties"), "origin=earlier\n");
    Files.writeString(model.path().resolve("saved_model.pb"), "grapf");

    assertThat(get(server.url("/m.tgz")).path().resolve("saved_model.pb")).hasContent("grapf");
    assertThat(
            fetcher(null)
                .get(server.url("/m.tgz"), model.sha256(), true)
                .path()
                .resolve("saved_model.pb"))
        .hasContent("graph");
  }

  @Test
  void aDownloadThatIsTooLargeIsRefusedWhateverItSaysOfItsSize() throws IOException {
    byte[] large = new byte[(1 << 20) + 1];
    server.on("/known.tgz", TestingServer.bytes(large));
    server.on(
        "/unknown.tgz",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(large);
        });

    assertRefused(server.url("/known.tgz"), null, "larger than 1048576 bytes");
    assertRefused(server.url("/unknown.tgz"), null, "larger than 1048576 bytes");
    assertThat(server.requests()).hasSize(2);
    assertNoModelAndNoLeftovers();
  }

  @Test
  void redirectsAreFollowedButNotOutOfWhatIsAllowed() {
    server.on("/m.tgz", TestingServer.redirect("/b.bin"));
    server.on("/b.bin", TestingServer.bytes(MODEL));
    server.on("/out.tgz", TestingServer.redirect("http://example.com/m.tgz?signature=geheim"));
    server.on("/loop.tgz", TestingServer.redirect("/loop.tgz"));
    server.on("/nowhere.tgz", TestingServer.redirect("::"));

    assertThat(get(server.url("/m.tgz")).bytes()).isEqualTo(10);
    assertRefused(server.url("/out.tgz"), null, "http is only for localhost; needed: https");
    assertRefused(server.url("/loop.tgz"), null, "more than 10 redirects");
    assertRefused(server.url("/nowhere.tgz"), null, "redirected to no address");
  }

  @Test
  void plainHttpAndPasswordsInAddressesAreRefused() {
    assertRefused("http://example.com/m.tgz", null, "http is only for localhost; needed: https");
    assertRefused("https://me:geheim@example.com/m.tgz", null, "are not supported");
    assertRefused("http://127.0.0.1.example.com/m.tgz", null, "http is only for localhost");
    assertRefused("https:///m.tgz", null, "the address names no host");
    assertRefused("https://example.com/a m.tgz", null, "not an address");
  }

  @Test
  void noMessageAndNoFileHoldsAQuery() throws IOException {
    server.on("/m.tgz", TestingServer.bytes(MODEL));
    CachedModel model = get(server.url("/m.tgz?X-Signature=geheim"));

    assertThat(model.origin()).isEqualTo(server.url("/m.tgz"));
    assertRefused(server.url("/none.tgz?X-Signature=geheim"), null, "/none.tgz: HTTP status 404");
    for (Path file : Digests.filesBelow(cacheRoot)) {
      assertThat(file.toString() + Files.readString(file)).doesNotContain("geheim");
    }
  }

  @Test
  @Timeout(10)
  void anInterruptedTaskEndsAtOnce() throws Exception {
    server.on("/m.tgz", TestingServer.slow(MODEL, 10, 20_000));
    List<Throwable> thrown = Collections.synchronizedList(new ArrayList<>());
    Thread task =
        new Thread(
            () -> {
              try {
                patient().get(server.url("/m.tgz"), null, true);
              } catch (ModelException e) {
                thrown.add(e);
                thrown.add(Thread.currentThread().isInterrupted() ? e : null);
              }
            });
    task.start();
    while (server.requests().isEmpty()) {
      Thread.sleep(10);
    }

    task.interrupt();
    task.join();

    assertThat(thrown).hasSize(2).doesNotContainNull();
    assertThat(thrown.get(0)).hasMessageEndingWith("the download was interrupted");
    assertNoModelAndNoLeftovers();
  }

  @Test
  void tasksThatStartAtOnceDownloadOnce() throws Exception {
    server.on("/m.tgz", TestingServer.slow(MODEL, 10, 300));
    server.on(HANDLE, TestingServer.slow(MODEL, 10, 300));
    ExecutorService tasks = Executors.newFixedThreadPool(8);
    try {
      List<Future<CachedModel>> models = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        models.add(tasks.submit(() -> get(server.url("/m.tgz"))));
        models.add(tasks.submit(() -> withHub().get(server.url(HANDLE), null, true)));
      }
      for (Future<CachedModel> model : models) {
        assertThat(model.get().path().resolve("saved_model.pb")).hasContent("graph");
      }
    } finally {
      tasks.shutdownNow();
    }

    assertThat(server.requests())
        .containsExactlyInAnyOrder("/m.tgz", HANDLE + "?tf-hub-format=compressed");
  }

  @Test
  void whatAKilledProcessLeftBehindIsCleanedUp() throws IOException {
    String uuid = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
    String key = ModelCache.key("url", server.url("/m.tgz"));
    Path own = Files.createDirectories(cacheRoot.resolve(key + "." + uuid + ".tmp/content"));
    Path other =
        Files.createDirectories(cacheRoot.resolve("uri-" + OTHER_SHA256 + "." + uuid + ".tmp"));
    Path inUse =
        Files.createDirectories(cacheRoot.resolve("url-" + OTHER_SHA256 + "." + uuid + ".tmp"));
    server.on("/m.tgz", TestingServer.bytes(MODEL));

    try (EntryLock lock = new ModelCache(cacheRoot, null).lock("url-" + OTHER_SHA256, "m")) {
      runInThread(() -> get(server.url("/m.tgz")));
    }

    assertThat(own).doesNotExist();
    assertThat(other).doesNotExist();
    assertThat(inUse).exists();
  }

  private static void runInThread(Runnable task) {
    Thread thread = new Thread(task);
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
