// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths and archives of this machine, and what is said of any. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class ModelFetcherTest extends ModelFetching {

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
}
