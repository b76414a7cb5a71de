// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class ModelFetcherTest {
  private static final String HANDLE = "/google/tf2-preview/mobilenet_v2/feature_vector/2";
  private static final String OTHER_SHA256 = "0".repeat(64);
  private static final byte[] MODEL = TestingArchive.model();

  @TempDir Path folder;
  private TestingServer server;
  private Path cacheRoot;
  private Path hubRoot;

  @BeforeEach
  void start() throws IOException {
    server = new TestingServer();
    cacheRoot = Files.createDirectory(folder.resolve("cache"));
    hubRoot = folder.resolve("hub");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  // Paths and archives of this machine.

  @Test
  void whatIsNoArchiveIsUsedWhereItLies() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model.zip"));
    Files.writeString(model.resolve("saved_model.pb"), "graph");
    Path checkpoint = Files.writeString(folder.resolve("model.ckpt.index"), "index");

    assertThat(get(model.toString()).path()).isEqualTo(model);
    assertThat(get(model.toUri().toString()).path()).isEqualTo(model);
    assertThat(get(checkpoint.toString()).path()).isEqualTo(checkpoint);
    assertThat(get(folder.resolve("model.ckpt").toString()).path())
        .isEqualTo(folder.resolve("model.ckpt"));
    assertThat(cacheRoot).isEmptyDirectory();
  }

  @Test
  void thePinOfAFolderIsWhatSha256sumSaysOfItsFiles() throws IOException {
    Path model = Files.createDirectories(folder.resolve("model/variables"));
    Files.writeString(model.resolve("variables.index"), "index");
    Files.writeString(folder.resolve("model/saved_model.pb"), "graph");
    // find . -type f | sed s,./,, | LC_ALL=C sort | xargs sha256sum | sha256sum
    String expected = "4e9e3b918932e462f0ead974c594592f819307699bd65d7e3f013194e8e8e1d3";

    assertThat(get(folder.resolve("model").toString()).sha256()).isEqualTo(expected);
    assertRefused(folder.resolve("model").toString(), OTHER_SHA256, "its SHA-256 is " + expected);
  }

  @ParameterizedTest
  @CsvSource({"m.tar.gz,gz", "M.TGZ,gz", "m.tar,tar", "m.Zip,zip"})
  void archivesAreUnpackedOnceUnderTheirSha256(String name, String kind) throws IOException {
    byte[] bytes =
        switch (kind) {
          case "gz" -> MODEL;
          case "tar" -> TestingArchive.tar(TestingArchive.MODEL);
          default -> TestingArchive.zip(TestingArchive.MODEL);
        };
    Path archive = Files.write(folder.resolve(name), bytes);
    String sha256 = Digests.sha256(archive);

    CachedModel model = get(archive.toString());

    assertThat(model.path()).isEqualTo(cacheRoot.resolve(sha256));
    assertThat(model.sha256()).isEqualTo(sha256);
    assertThat(model.bytes()).isEqualTo(10);
    assertThat(model.origin()).isEqualTo(archive.toString());
    assertThat(model.path().resolve("saved_model.pb")).hasContent("graph");
    FileTime unpacked = Files.getLastModifiedTime(model.path().resolve("saved_model.pb"));
    assertThat(get(archive.toUri().toString())).isEqualTo(model);
    assertThat(Files.getLastModifiedTime(model.path().resolve("saved_model.pb")))
        .isEqualTo(unpacked);
    assertThat(ModelFetcher.isRemoteOrArchive(archive.toString())).isTrue();
  }

  @Test
  void theModelIsFoundWithinTheOneFolderThatAnArchiveHas() throws IOException {
    assertThat(unpacked(Map.of("m/saved_model.pb", "g", "m/variables/v", "v"))).isEqualTo("m");
    assertThat(unpacked(Map.of("a/b/x_224.ckpt.index", "i", "a/b/x_224.ckpt.data-0", "d")))
        .isEqualTo("a/b/x_224.ckpt");
    assertThat(unpacked(Map.of("x.ckpt.index", "i", "x.ckpt.data-0", "d", "x_frozen.pb", "p")))
        .isEqualTo("x.ckpt");
    assertThat(unpacked(Map.of("frozen.pb", "p", "labels.txt", "l"))).isEqualTo("frozen.pb");
    assertThat(unpacked(Map.of("m/saved_model.pb", "g", "__MACOSX/m/._saved_model.pb", "")))
        .isEqualTo("m");
    assertThat(unpacked(Map.of("a.ckpt.index", "i", "b.ckpt.index", "i"))).isEmpty();
  }

  private String unpacked(Map<String, String> files) throws IOException {
    Path archive = Files.write(folder.resolve("m.tar"), TestingArchive.tar(files));
    CachedModel model = get(archive.toString());
    return cacheRoot.resolve(model.sha256()).relativize(model.path()).toString();
  }

  @Test
  void theRealCheckpointIsFoundByItsPrefix() {
    Path archive = TestData.path("models/mobilenet_v2_1.0_224.tgz");

    CachedModel model = get(archive.toString());

    assertThat(model.path()).hasFileName("mobilenet_v2_1.0_224.ckpt");
    assertThat(Path.of(model.path() + ".index")).hasSize(20236);
    assertThat(model.bytes()).isEqualTo(28185680 + 20236);
  }

  @Test
  void aRefusedArchiveLeavesNothingBehind() throws IOException {
    Path hostile =
        Files.write(folder.resolve("m.tar"), TestingArchive.tar(Map.of("../evil", "evil")));
    Path other = Files.write(folder.resolve("n.tgz"), MODEL);

    assertRefused(hostile.toString(), null, "leads out of the folder");
    assertRefused(other.toString(), OTHER_SHA256, "needed: " + OTHER_SHA256);
    assertRefused(folder.resolve("none.tgz").toString(), null, "no such file or directory");

    assertNoModelAndNoLeftovers();
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "0000", "zz"})
  void aPinThatIsNoSha256IsRefused(String pin) {
    assertThatThrownBy(() -> ModelFetcher.fetch("/nowhere", pin))
        .isInstanceOf(ModelException.class)
        .hasMessage("'" + pin + "' is no SHA-256; needed: 64 hex digits");
  }

  // Downloads.

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
  void whatWasChangedInTheHubCacheIsNotUsedUnderThePin() throws IOException {
    server.on(HANDLE, TestingServer.bytes(MODEL));
    CachedModel model = withHub().get(server.url(HANDLE), null, true);
    Files.writeString(model.path().resolve("saved_model.pb"), "grapf");

    CachedModel pinned = withHub().get(server.url(HANDLE), model.sha256(), true);

    assertThat(pinned.path()).isEqualTo(cacheRoot.resolve(model.sha256()));
    assertThat(pinned.path().resolve("saved_model.pb")).hasContent("graph");
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

  // Handles.

  @Test
  void aHandleIsDownloadedAsTensorflowHubDoes() {
    server.on(HANDLE, TestingServer.bytes(MODEL));

    CachedModel model = get(server.url(HANDLE));
    get(server.url(HANDLE));
    get(server.url(HANDLE + "?hl=en"));

    assertThat(model.path()).isEqualTo(cacheRoot.resolve(model.sha256()));
    assertThat(server.requests())
        .containsExactly(
            HANDLE + "?tf-hub-format=compressed", HANDLE + "?hl=en&tf-hub-format=compressed");
  }

  @Test
  void withAHubCacheAHandleGoesWhereTensorflowHubLooksForIt() throws IOException {
    server.on(HANDLE, TestingServer.bytes(MODEL));
    String handle = server.url(HANDLE);

    CachedModel model = withHub().get(handle, null, true);

    String name = DigestUtils.sha1Hex(handle);
    assertThat(model.path()).isEqualTo(hubRoot.resolve(name));
    assertThat(model.path().resolve("variables/variables.index")).hasContent("index");
    assertThat(names(hubRoot)).containsExactly(name, name + ".descriptor.txt");
    assertThat(Files.readAllLines(hubRoot.resolve(name + ".descriptor.txt")))
        .hasSize(5)
        .first()
        .isEqualTo("Module: " + handle);
    assertThat(withHub().get(handle, null, true)).isEqualTo(model);
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void theFolderOfAHandleIsNamedAsTensorflowHubNamesIt() {
    // Of tensorflow_hub 0.16.1, compressed_module_resolver._module_dir.
    String handle = "https://tfhub.dev/google/tf2-preview/mobilenet_v2/feature_vector/2";

    assertThat(DigestUtils.sha1Hex(handle)).isEqualTo("496d47666d2ebfe4b5c74ea159159f111667f276");
  }

  @Test
  void whatTensorflowHubHasFetchedIsUsedWithoutANetwork() throws IOException {
    String handle = "https://www.kaggle.com/models/google/mobilenet-v2/tensorFlow2/fv/4";
    Path module = Files.createDirectories(hubRoot.resolve(DigestUtils.sha1Hex(handle)));
    Files.writeString(module.resolve("saved_model.pb"), "graph");
    Files.writeString(
        hubRoot.resolve(DigestUtils.sha1Hex(handle) + ".descriptor.txt"),
        "Module: "
            + handle
            + "\nDownload Time: 2024-05-01 12:00:00.000001\nDownloader Hostname: h"
            + " (PID:7)");

    assertThat(withHub().get(handle, null, true).path()).isEqualTo(module);
    assertThat(withHub().all())
        .singleElement()
        .satisfies(
            model -> {
              assertThat(model.origin()).isEqualTo(handle);
              assertThat(model.sha256()).isNull();
              assertThat(model.bytes()).isEqualTo(5);
            });
  }

  @Test
  void aPinDoesNotTrustAHubCacheThatDoesNotKnowTheArchivesSha256() throws IOException {
    String handle = server.url(HANDLE);
    server.on(HANDLE, TestingServer.bytes(MODEL));
    Path module = Files.createDirectories(hubRoot.resolve(DigestUtils.sha1Hex(handle)));
    Files.writeString(module.resolve("saved_model.pb"), "another");
    String sha256 = get(Files.write(folder.resolve("m.tgz"), MODEL).toString()).sha256();
    FileTrees.delete(cacheRoot.resolve(sha256));

    CachedModel model = withHub().get(handle, sha256, true);

    assertThat(model.path()).isEqualTo(cacheRoot.resolve(sha256));
    assertThat(module.resolve("saved_model.pb")).hasContent("another");
  }

  @Test
  void aPinIsHeldAgainstWhatWasWrittenDownInTheHubCache() throws IOException {
    server.on(HANDLE, TestingServer.bytes(MODEL));
    assertRefusedBy(withHub(), server.url(HANDLE), OTHER_SHA256, "its SHA-256 is ");
    assertThat(names(hubRoot)).isEmpty();

    CachedModel model = withHub().get(server.url(HANDLE), null, true);

    assertThat(withHub().get(server.url(HANDLE), model.sha256(), true)).isEqualTo(model);
    assertThat(server.requests()).hasSize(2);
  }

  @Test
  void aHandleThatCannotBeReachedSaysWhatToDoOffline() {
    String handle = server.url(HANDLE);
    server.close();

    assertRefused(
        handle,
        null,
        "127.0.0.1 cannot be reached: connection refused (3 attempts); without a network, download "
            + handle
            + "?tf-hub-format=compressed elsewhere and give the archive's path, or set"
            + " TFHUB_CACHE_DIR");
  }

  @Test
  void aHostileHandleLeavesNothingInTheHubCache() throws IOException {
    server.on(HANDLE, TestingServer.bytes(TestingArchive.tar(Map.of("../evil", "x"))));

    assertRefusedBy(withHub(), server.url(HANDLE), null, "leads out of the folder");

    assertThat(names(hubRoot)).isEmpty();
  }

  @Test
  void theLockOfADeadProcessOfThisMachineIsBrokenAtOnce() throws Exception {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    server.on(HANDLE, TestingServer.bytes(MODEL));
    Path lock = lockOf(java.net.InetAddress.getLocalHost().getHostName() + "." + dead.pid());

    CachedModel model = withHub().get(server.url(HANDLE), null, true);

    assertThat(model.path().resolve("saved_model.pb")).exists();
    assertThat(lock).doesNotExist();
  }

  @Test
  void aLockWithoutProgressIsBrokenAndItsFolderDeleted() throws IOException {
    server.on(HANDLE, TestingServer.bytes(MODEL));
    lockOf("elsewhere.7");
    Path work =
        hubRoot.resolve(DigestUtils.sha1Hex(server.url(HANDLE)) + "." + "ab".repeat(16) + ".tmp");
    Files.createDirectories(work);
    Files.writeString(work.resolve("half"), "half");

    long start = System.nanoTime();
    CachedModel model = withHub().get(server.url(HANDLE), null, true);

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(500));
    assertThat(names(hubRoot))
        .containsExactly(
            model.path().getFileName().toString(), model.path().getFileName() + ".descriptor.txt");
  }

  @Test
  void aLockWithProgressIsWaitedForAndItsModuleUsed() throws Exception {
    String handle = server.url(HANDLE);
    Path lock = lockOf("elsewhere.7");
    Path work = hubRoot.resolve(DigestUtils.sha1Hex(handle) + "." + "ab".repeat(16) + ".tmp");
    Files.createDirectories(work);
    Thread python =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < 12; i++) {
                  Files.writeString(work.resolve("saved_model.pb"), "x".repeat(i));
                  Thread.sleep(100);
                }
                Files.move(work, hubRoot.resolve(DigestUtils.sha1Hex(handle)));
                Files.delete(lock);
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    python.start();

    CachedModel model = withHub().get(handle, null, true);
    python.join();

    assertThat(model.path().resolve("saved_model.pb")).hasContent("x".repeat(11));
    assertThat(server.requests()).isEmpty();
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void aLockWithProgressThatNeverEndsIsNotWaitedForForEver() throws Exception {
    Path lock = lockOf("elsewhere.7");

    assertRefusedBy(
        fetcher(hub(Duration.ofHours(1), Duration.ofMillis(400))),
        server.url(HANDLE),
        null,
        "elsewhere.7."
            + "ab".repeat(16)
            + " has been fetching it for 400 ms, which is the limit; see whether it goes on, and"
            + " else end it and delete "
            + lock);

    assertThat(lock).exists();
    assertThat(server.requests()).isEmpty();
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void waitingForTheLockOfAnotherProcessEndsWithAnInterrupt() throws Exception {
    lockOf("elsewhere.7");
    ModelFetcher fetcher = fetcher(hub(Duration.ofHours(1), Duration.ofHours(1)));
    FutureTask<CachedModel> task =
        new FutureTask<>(() -> fetcher.get(server.url(HANDLE), null, true));
    Thread thread = new Thread(task);
    thread.start();
    Awaitility.await()
        .atMost(Duration.ofSeconds(50))
        .until(() -> thread.getState() == Thread.State.TIMED_WAITING);

    thread.interrupt();

    assertThatThrownBy(task::get)
        .hasCauseInstanceOf(ModelException.class)
        .hasMessageContaining("interrupted while another process fetches it");
  }

  private Path lockOf(String owner) throws IOException {
    Files.createDirectories(hubRoot);
    return Files.writeString(
        hubRoot.resolve(DigestUtils.sha1Hex(server.url(HANDLE)) + ".lock"),
        owner + "." + "ab".repeat(16));
  }

  @Test
  void theListNamesWhatIsInBothCaches() throws IOException {
    server.on(HANDLE, TestingServer.bytes(MODEL));
    CachedModel archive = get(Files.write(folder.resolve("m.tgz"), MODEL).toString());
    CachedModel module = withHub().get(server.url(HANDLE), null, true);
    Files.createDirectories(cacheRoot.resolve("url-" + OTHER_SHA256 + ".x.tmp"));

    assertThat(withHub().all()).containsExactly(archive, module);
  }

  @Test
  void onlyWhatMustBeFetchedIsCalledRemote() {
    assertThat(Stream.of("builtin", "/models/a", "C:/models/a", "file:/models/a", "a.ckpt", "a.pb"))
        .noneMatch(ModelFetcher::isRemoteOrArchive);
    assertThat(Stream.of("s3://b/a", "hdfs:/a", "https://tfhub.dev/a/1", "a.tgz", "file:/a.TAR.GZ"))
        .allMatch(ModelFetcher::isRemoteOrArchive);
  }

  private CachedModel get(String text) {
    return fetcher(null).get(text, null, true);
  }

  private void assertRefused(String text, String pin, String message) {
    assertRefusedBy(fetcher(null), text, pin, message);
  }

  private static void assertRefusedBy(
      ModelFetcher fetcher, String text, String pin, String message) {
    assertThatThrownBy(() -> fetcher.get(text, pin, true))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n")
        .hasMessageNotContaining("geheim");
  }

  private void assertNoModelAndNoLeftovers() throws IOException {
    assertThat(names(cacheRoot)).allMatch(name -> name.endsWith(".lock"));
    assertThat(folder.resolve("evil")).doesNotExist();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private ModelFetcher withHub() {
    return fetcher(hub(Duration.ofMillis(600), Duration.ofMinutes(1)));
  }

  private HubCache hub(Duration stale, Duration longest) {
    return new HubCache(hubRoot, stale, Duration.ofMillis(20), longest);
  }

  private ModelFetcher fetcher(HubCache hub) {
    return fetcher(hub, FetchProgress.NONE);
  }

  private ModelFetcher fetcher(HubCache hub, FetchProgress progress) {
    return fetcher(hub, progress, Duration.ofMillis(700));
  }

  private ModelFetcher patient() {
    return fetcher(null, FetchProgress.NONE, Duration.ofSeconds(30));
  }

  private ModelFetcher fetcher(HubCache hub, FetchProgress progress, Duration silence) {
    return fetcher(hub, progress, silence, Duration.ofMinutes(1));
  }

  private ModelFetcher fetcher(
      HubCache hub, FetchProgress progress, Duration silence, Duration total) {
    HttpDownload.Patience patience =
        new HttpDownload.Patience(Duration.ofSeconds(5), silence, total, 3, Duration.ofMillis(20));
    return new ModelFetcher(
        new ModelCache(cacheRoot, null),
        hub,
        new HttpDownload(Map.of(), patience, 1 << 20, progress),
        FetchLimits.DEFAULT,
        progress);
  }
}
