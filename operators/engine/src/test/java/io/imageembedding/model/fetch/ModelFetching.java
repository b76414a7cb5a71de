// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of fetching share: a server, two caches, and fetchers of little patience. */
abstract class ModelFetching {
  static final String HANDLE = "/google/tf2-preview/mobilenet_v2/feature_vector/2";
  static final String OTHER_SHA256 = "0".repeat(64);
  static final byte[] MODEL = TestingArchive.model();

  @TempDir Path folder;
  TestingServer server;
  Path cacheRoot;
  Path hubRoot;

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

  CachedModel get(String text) {
    return fetcher(null).get(text, null, true);
  }

  void assertRefused(String text, String pin, String message) {
    assertRefusedBy(fetcher(null), text, pin, message);
  }

  static void assertRefusedBy(ModelFetcher fetcher, String text, String pin, String message) {
    assertThatThrownBy(() -> fetcher.get(text, pin, true))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n")
        .hasMessageNotContaining("geheim");
  }

  void assertNoModelAndNoLeftovers() throws IOException {
    assertThat(names(cacheRoot)).allMatch(name -> name.endsWith(".lock"));
    assertThat(folder.resolve("evil")).doesNotExist();
  }

  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  ModelFetcher withHub() {
    return fetcher(hub(Duration.ofMillis(600), Duration.ofMinutes(1)));
  }

  HubCache hub(Duration stale, Duration longest) {
    return new HubCache(hubRoot, stale, Duration.ofMillis(20), longest);
  }

  ModelFetcher fetcher(HubCache hub) {
    return fetcher(hub, FetchProgress.NONE);
  }

  ModelFetcher fetcher(HubCache hub, FetchProgress progress) {
    return fetcher(hub, progress, Duration.ofMillis(700));
  }

  ModelFetcher patient() {
    return fetcher(null, FetchProgress.NONE, Duration.ofSeconds(30));
  }

  ModelFetcher fetcher(HubCache hub, FetchProgress progress, Duration silence) {
    return fetcher(hub, progress, silence, Duration.ofMinutes(1));
  }

  ModelFetcher fetcher(HubCache hub, FetchProgress progress, Duration silence, Duration total) {
    HttpDownload.Patience patience =
        new HttpDownload.Patience(Duration.ofSeconds(5), silence, total, 3, Duration.ofMillis(20));
    return new ModelFetcher(
        new ModelCache(cacheRoot, null),
        hub,
        PythonCaches.NONE,
        new HttpDownload(Map.of(), patience, 1 << 20, progress),
        FetchLimits.DEFAULT,
        progress);
  }
}
