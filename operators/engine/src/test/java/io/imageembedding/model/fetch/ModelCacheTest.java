// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCacheTest {
  private static final String SHA256 = "ab".repeat(32);

  @TempDir Path folder;

  @Test
  void theCacheIsWhereTheEnvironmentSays() {
    String home = folder.resolve("home").toString();
    String xdg = folder.resolve("xdg").toString();
    String own = folder.resolve("own/cache").toString();

    assertThat(root(Map.of(), home)).isEqualTo(folder.resolve("home/.cache/image-embedding"));
    assertThat(root(Map.of("XDG_CACHE_HOME", xdg), home))
        .isEqualTo(folder.resolve("xdg/image-embedding"));
    assertThat(root(Map.of("XDG_CACHE_HOME", "relative"), home))
        .isEqualTo(folder.resolve("home/.cache/image-embedding"));
    assertThat(root(Map.of("XDG_CACHE_HOME", xdg, ModelCache.ENVIRONMENT, own), home))
        .isEqualTo(folder.resolve("own/cache"));
  }

  @Test
  void nobodyElseReadsOrWritesTheCache() throws IOException {
    Path root = root(Map.of(), folder.toString());

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root)))
        .isEqualTo("rwx------");
  }

  @Test
  void whereTheCacheCannotBeWrittenThereIsOneAmongTheTemporaryFiles() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThat(root(Map.of(ModelCache.ENVIRONMENT, file.resolve("x").toString()), "?"))
        .isEqualTo(folder.resolve("image-embedding-" + System.getProperty("user.name")));
    assertThat(root(Map.of(), "?")).isDirectory();
  }

  @Test
  void aLinkThatSomeoneLaidAmongTheTemporaryFilesIsNotFollowed() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.createSymbolicLink(
        folder.resolve("image-embedding-" + System.getProperty("user.name")), elsewhere);

    assertThat(root(Map.of(), "?").toRealPath()).isNotEqualTo(elsewhere.toRealPath());
  }

  @Test
  void whatIsInACacheThatCannotBeWrittenIsStillFound() throws IOException {
    Path readOnly = Files.createDirectory(folder.resolve("image"));
    new ModelCache(readOnly, null).store(SHA256, "origin", entry -> write(entry, "graph"));
    Path root = Files.createDirectory(folder.resolve("root"));

    ModelCache cache = new ModelCache(root, readOnly);

    assertThat(cache.find(SHA256, true).orElseThrow().path()).isEqualTo(readOnly.resolve(SHA256));
    assertThat(cache.list()).hasSize(1);
    assertThat(cache.store(SHA256, "other", entry -> write(entry, "no")).origin())
        .isEqualTo("origin");
  }

  @Test
  void anEntryThatCouldNotBeFilledIsNotThere() throws IOException {
    ModelCache cache = new ModelCache(folder, null);

    assertThatThrownBy(
            () ->
                cache.store(
                    SHA256,
                    "origin",
                    entry -> {
                      write(entry, "half");
                      throw new ModelException("on purpose");
                    }))
        .hasMessage("on purpose");

    assertThat(cache.find(SHA256, true)).isEmpty();
    assertThat(names()).containsExactly(SHA256 + ".lock");
  }

  @Test
  void aDamagedDescriptionDoesNotHideTheEntry() throws IOException {
    ModelCache cache = new ModelCache(folder, null);
    cache.store(SHA256, "origin", entry -> write(entry, "graph"));
    Files.writeString(folder.resolve(SHA256 + ".properties"), "time=yesterday");

    assertThat(cache.list())
        .singleElement()
        .satisfies(model -> assertThat(model.origin()).isEqualTo("?"));
  }

  private static void write(Path entry, String text) {
    try {
      Files.writeString(entry.resolve("saved_model.pb"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Path root(Map<String, String> environment, String home) {
    return ModelCache.open(environment, home, folder).root();
  }
}
