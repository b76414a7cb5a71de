// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.FileTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handles of TensorFlow Hub, and the cache that is shared with its own library. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class HubHandleTest extends ModelFetching {

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
  void whatIsHereIsProvenByItsContentBeforeAnythingIsFetched() throws IOException {
    String handle = server.url(HANDLE);
    Path module = Files.createDirectories(hubRoot.resolve(DigestUtils.sha1Hex(handle)));
    Files.writeString(module.resolve("saved_model.pb"), "of Python");

    assertThat(withHub().here(handle, OTHER_SHA256).orElseThrow().path()).isEqualTo(module);
    assertThat(withHub().here(server.url("/another/1"), OTHER_SHA256)).isEmpty();
    assertThat(withHub().here("/a/path", OTHER_SHA256)).isEmpty();
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void whatIsToBeHeldToAPinByItsContentIsFetchedWhateverItCameAs() {
    server.on(HANDLE, TestingServer.bytes(MODEL));

    CachedModel model = withHub().get(server.url(HANDLE), OTHER_SHA256, null, false);

    assertThat(model.sha256()).isEqualTo(DigestUtils.sha256Hex(MODEL));
    assertThat(withHub().here(server.url(HANDLE), model.sha256())).isEmpty();
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
  void whatWasChangedInTheHubCacheIsNotUsedUnderThePin() throws IOException {
    server.on(HANDLE, TestingServer.bytes(MODEL));
    CachedModel model = withHub().get(server.url(HANDLE), null, true);
    Files.writeString(model.path().resolve("saved_model.pb"), "grapf");

    CachedModel pinned = withHub().get(server.url(HANDLE), model.sha256(), true);

    assertThat(pinned.path()).isEqualTo(cacheRoot.resolve(model.sha256()));
    assertThat(pinned.path().resolve("saved_model.pb")).hasContent("graph");
  }
}
