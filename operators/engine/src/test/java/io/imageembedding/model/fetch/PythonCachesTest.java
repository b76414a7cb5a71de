// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Python's libraries leave behind, laid out as kagglehub 1.0.3 and tensorflow_hub 0.16 do. */
class PythonCachesTest {
  private static final String SHORT = "google/mobilenet-v2/tensorFlow2/035-96-feature-vector/2";
  private static final String LONG = "https://www.kaggle.com/models/" + SHORT;
  private static final String HUB = "https://tfhub.dev/google/tf2-preview/mobilenet_v2/fv/2";

  @TempDir Path folder;

  private PythonCaches caches(String user) {
    return PythonCaches.open(
        Map.of("KAGGLEHUB_CACHE", folder.resolve("kaggle").toString(), "TMPDIR", folder.toString()),
        "/nowhere",
        user);
  }

  private PythonCaches caches() {
    return caches(System.getProperty("user.name"));
  }

  private Path kaggle(boolean complete) throws IOException {
    Path version = Files.createDirectories(folder.resolve("kaggle/models").resolve(SHORT));
    Files.writeString(version.resolve("saved_model.pb"), "graph");
    if (complete) {
      Files.createFile(version.resolveSibling("2.complete"));
    }
    return version;
  }

  private Path hub() throws IOException {
    String name = DigestUtils.sha1Hex(HUB);
    Path module = Files.createDirectories(folder.resolve("tfhub_modules").resolve(name));
    Files.writeString(module.resolve("saved_model.pb"), "graph");
    Files.writeString(
        folder.resolve("tfhub_modules").resolve(name + ".descriptor.txt"), "Module: " + HUB);
    return module;
  }

  @ParameterizedTest
  @ValueSource(strings = {SHORT, LONG})
  void aModelOfKagglehubIsFoundByBothOfItsNames(String handle) throws IOException {
    Path version = kaggle(true);

    CachedModel model = caches().find(handle).orElseThrow();

    assertThat(model.path()).isEqualTo(version);
    assertThat(model.origin()).isEqualTo(SHORT);
    assertThat(model.sha256()).isNull();
    assertThat(model.bytes()).isEqualTo(5);
    assertThat(caches().list()).containsExactly(model);
  }

  @Test
  void whatKagglehubHasNotFetchedWholeIsNotThere() throws IOException {
    kaggle(false);

    assertThat(caches().find(SHORT)).isEmpty();
    assertThat(caches().list()).isEmpty();
  }

  @Test
  void withoutTfhubCacheDirTheFolderForTemporaryFilesIsLookedInto() throws IOException {
    Path module = hub();

    assertThat(caches().find(HUB).orElseThrow().path()).isEqualTo(module);
    assertThat(caches().list()).singleElement().extracting(CachedModel::origin).isEqualTo(HUB);
    assertThat(
            PythonCaches.open(
                    Map.of("TMPDIR", folder.toString(), "TFHUB_CACHE_DIR", "/elsewhere"),
                    "/nowhere",
                    System.getProperty("user.name"))
                .find(HUB))
        .isEmpty();
  }

  @Test
  void aFolderForTemporaryFilesThatIsSomebodyElsesIsNotTrusted() throws IOException {
    hub();
    assertThat(caches("somebody-else").find(HUB)).isEmpty();

    Files.move(folder.resolve("tfhub_modules"), folder.resolve("real"));
    Files.createSymbolicLink(folder.resolve("tfhub_modules"), folder.resolve("real"));
    assertThat(caches().find(HUB)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    SHORT + ", true",
    LONG + ", true",
    "google/mobilenet-v2/tensorflow2/x/13, true",
    "google/mobilenet-v2/tensorFlow2/x, false",
    "models/mine/fifth/x/2, false",
    "google/../tensorFlow2/x/2, false",
    "./google/mobilenet-v2/tensorFlow2/x/2, false",
    "https://example.com/models/google/mobilenet-v2/tensorFlow2/x/2, false",
  })
  void aHandleOfKaggleIsToldFromAPath(String text, boolean is) {
    assertThat(KaggleHandle.of(text).isPresent()).isEqualTo(is);
  }
}
