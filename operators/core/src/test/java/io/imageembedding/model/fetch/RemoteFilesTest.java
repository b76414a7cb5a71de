// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteFilesTest {
  private static final FetchLimits SMALL =
      new FetchLimits(20_000, 40_000, 5, 10, 20_000, 100, 2, Duration.ofMinutes(1));

  @TempDir Path folder;
  private Path bucket;
  private Path cacheRoot;

  @BeforeEach
  void createFolders() throws IOException {
    bucket = Files.createDirectory(folder.resolve("bucket"));
    cacheRoot = Files.createDirectory(folder.resolve("cache"));
    TestingFileSystemFactory.OPENED.clear();
  }

  @Test
  void aFolderIsCopiedWithAllThatIsBelow() throws IOException {
    put("model/saved_model.pb", "graph");
    put("model/variables/variables.index", "index");

    CachedModel model = get("/model");

    assertThat(model.path()).isEqualTo(cacheRoot.resolve(model.sha256()));
    assertThat(model.path().resolve("saved_model.pb")).hasContent("graph");
    assertThat(model.path().resolve("variables/variables.index")).hasContent("index");
    assertThat(model.sha256())
        .isEqualTo(
            Digests.sha256(bucket.resolve("model"), Digests.filesBelow(bucket.resolve("model"))));
    assertThat(get("/model/")).extracting(CachedModel::path).isEqualTo(model.path());
  }

  @Test
  void aPrefixBringsTheFilesOfItsCheckpointAndNoOthers() throws IOException {
    put("model.ckpt-1.index", "index");
    put("model.ckpt-1.data-00000-of-00001", "data");
    put("model.ckpt-10.index", "other");
    put("other.ckpt.index", "other");

    CachedModel model = get("/model.ckpt-1");

    assertThat(model.path()).hasFileName("model.ckpt-1");
    assertThat(Digests.filesBelow(model.path().getParent()))
        .extracting(file -> file.getFileName().toString())
        .containsExactly("model.ckpt-1.data-00000-of-00001", "model.ckpt-1.index");
    assertThat(get("/model.ckpt-1.index").path()).isEqualTo(model.path());
  }

  @Test
  void aFrozenGraphIsCopiedAndAnArchiveUnpacked() throws IOException {
    put("graph.pb", "graph");
    Files.write(bucket.resolve("m.TGZ"), TestingArchive.model());

    CachedModel graph = get("/graph.pb");
    CachedModel archive = get("/m.TGZ");

    assertThat(graph.path()).hasFileName("graph.pb").hasContent("graph");
    assertThat(graph.sha256()).isEqualTo(Digests.sha256(bucket.resolve("graph.pb")));
    assertThat(archive.path().resolve("saved_model.pb")).hasContent("graph");
    assertThat(archive.sha256()).isEqualTo(Digests.sha256(bucket.resolve("m.TGZ")));
  }

  @Test
  void whatHasNotChangedIsNotReadAgainAndWhatHasIs() throws IOException {
    put("graph.pb", "one");
    get("/graph.pb");
    get("/graph.pb");
    assertThat(TestingFileSystemFactory.OPENED).hasSize(1);

    put("graph.pb", "two");
    Files.setLastModifiedTime(bucket.resolve("graph.pb"), FileTime.fromMillis(0));

    assertThat(get("/graph.pb").path()).hasContent("two");
    assertThat(TestingFileSystemFactory.OPENED).hasSize(2);
  }

  @Test
  void withAPinWhatIsInTheCacheIsNotEvenListed() throws IOException {
    put("graph.pb", "one");
    String sha256 = get("/graph.pb").sha256();
    Files.delete(bucket.resolve("graph.pb"));

    assertThat(fetcher().get(uri("/graph.pb"), sha256, true).path()).hasContent("one");
  }

  @Test
  void tasksThatStartAtOnceCopyOnce() throws Exception {
    put("model/saved_model.pb", "graph");
    ExecutorService tasks = Executors.newFixedThreadPool(4);
    try {
      List<Future<CachedModel>> models = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        models.add(tasks.submit(() -> get("/model")));
      }
      for (Future<CachedModel> model : models) {
        assertThat(model.get().path().resolve("saved_model.pb")).hasContent("graph");
      }
    } finally {
      tasks.shutdownNow();
    }

    assertThat(TestingFileSystemFactory.OPENED).containsExactly("saved_model.pb");
  }

  @Test
  void whatCannotBeHadIsRefusedInOneLine() throws IOException {
    put("graph.pb", "graph");
    put("large/saved_model.pb", "x".repeat(40_001));
    put("deep/a/b/c/d", "x");
    for (int i = 0; i < 6; i++) {
      put("many/" + i, "x");
    }
    Files.write(bucket.resolve("huge.tgz"), new byte[20_001]);
    put("bad.tar", "no tar");

    assertRefused(uri("/none"), null, "there is no such file or directory");
    assertRefused(uri("/none/at/all.ckpt"), null, "there is no such file or directory");
    assertRefused(uri("/large"), null, "it has 40001 bytes; allowed: 40000");
    assertRefused(uri("/deep"), null, "folders deeper than 2");
    assertRefused(uri("/many"), null, "more than 5 files");
    assertRefused(uri("/huge.tgz"), null, "it has 20001 bytes; allowed: 20000");
    assertRefused(uri("/bad.tar"), null, "neither tar, gzip nor zip");
    assertRefused(uri("/graph.pb"), "0".repeat(64), "needed: " + "0".repeat(64));
    assertRefused("nosuch://bucket/a", null, "Flink has no file system for nosuch: here");
    assertThat(Digests.filesBelow(cacheRoot)).allMatch(file -> file.toString().endsWith(".lock"));
  }

  @Test
  void foldersWithoutFilesAreNotListedForEver() throws IOException {
    for (int i = 0; i < 6; i++) {
      Files.createDirectories(bucket.resolve("empty/" + i));
    }

    assertRefused(uri("/empty"), null, "more than 5 files and folders");
  }

  @Test
  void listingHasATotalTime() throws IOException {
    put("model/variables/variables.index", "index");
    FetchLimits noTime =
        new FetchLimits(20_000, 40_000, 5, 10, 20_000, 100, 2, Duration.ofNanos(1));

    assertThatThrownBy(() -> RemoteFiles.list(uri("/model"), noTime))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("it takes longer than 0 s to be listed or copied");
  }

  private void put(String name, String text) throws IOException {
    Path file = bucket.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private String uri(String name) {
    return "testing://bucket" + bucket + name;
  }

  private CachedModel get(String name) {
    return fetcher().get(uri(name), null, true);
  }

  private void assertRefused(String text, String pin, String message) {
    assertThatThrownBy(() -> fetcher().get(text, pin, true))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("model " + text + ": ")
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  private ModelFetcher fetcher() {
    return new ModelFetcher(
        new ModelCache(cacheRoot, null),
        null,
        PythonCaches.NONE,
        new HttpDownload(
            Map.of(),
            new HttpDownload.Patience(
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(9),
                1,
                Duration.ZERO),
            1,
            FetchProgress.NONE),
        SMALL,
        FetchProgress.NONE);
  }
}
