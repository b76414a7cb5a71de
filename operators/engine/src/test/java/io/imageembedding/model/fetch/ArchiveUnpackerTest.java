// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.imageembedding.model.ModelException;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ArchiveUnpackerTest {
  private static final FetchLimits SMALL =
      new FetchLimits(1 << 20, 200_000, 10, 10, 50_000, 100, 4, Duration.ofMinutes(1));

  private static final byte[] NOTHING = {};

  @TempDir Path folder;
  private Path target;

  @BeforeEach
  void createTarget() throws IOException {
    target = Files.createDirectory(folder.resolve("target"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wellBehaved")
  void everyKindOfArchiveGivesItsFiles(String kind, byte[] archive) throws IOException {
    unpack(archive);

    assertThat(target.resolve("saved_model.pb")).hasContent("graph");
    assertThat(target.resolve("variables/variables.index")).hasContent("index");
    assertThat(Digests.filesBelow(target)).hasSize(2);
  }

  static Stream<Arguments> wellBehaved() {
    byte[] withFolders =
        TestingArchive.tar(
            out -> {
              TestingArchive.entry(out, "./", TarConstants.LF_DIR, "", NOTHING);
              TestingArchive.file(out, "./variables/variables.index", bytes("index"));
              TestingArchive.entry(out, "./variables/", TarConstants.LF_DIR, "", NOTHING);
              TestingArchive.file(out, "./saved_model.pb", bytes("graph"));
            });
    return Stream.of(
        arguments("tar", TestingArchive.tar(TestingArchive.MODEL)),
        arguments("tar.gz", TestingArchive.model()),
        arguments("zip", TestingArchive.zip(TestingArchive.MODEL)),
        arguments("tar with entries for folders", withFolders));
  }

  @Test
  void theRealCheckpointComesOutWhole() throws IOException {
    Path archive = TestData.path("models/mobilenet_v2_1.0_224.tgz");

    new ArchiveUnpacker("m", FetchLimits.DEFAULT).unpack(archive, target);

    assertThat(target.resolve("mobilenet_v2_1.0_224.ckpt.data-00000-of-00001")).hasSize(28185680);
    assertThat(ModelFolder.resolve(target)).isEqualTo(target.resolve("mobilenet_v2_1.0_224.ckpt"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostile")
  void hostileArchivesAreRefusedInOneLine(String what, byte[] archive, String message)
      throws IOException {
    assertThatThrownBy(() -> unpack(archive))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("model m: ")
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");

    assertThat(folder.resolve("evil")).doesNotExist();
    assertThat(Path.of("/tmp/image-embedding-evil")).doesNotExist();
    assertThat(Storage.size(target)).isLessThanOrEqualTo(SMALL.unpackedBytes());
  }

  static Stream<Arguments> hostile() {
    byte[] zeros = new byte[1 << 20];
    Map<String, String> eleven =
        IntStream.range(0, 11).boxed().collect(Collectors.toMap(i -> "f" + i, i -> "x"));
    byte[] model = TestingArchive.model();
    return Stream.of(
        arguments("symbolic link", tarOf("a", TarConstants.LF_SYMLINK), "a link: 'a'"),
        arguments("hard link", tarOf("a", TarConstants.LF_LINK), "a link: 'a'"),
        arguments("character device", tarOf("a", TarConstants.LF_CHR), "a device"),
        arguments("block device", tarOf("a", TarConstants.LF_BLK), "a device"),
        arguments("fifo", tarOf("a", TarConstants.LF_FIFO), "special file"),
        arguments("sparse file", tarOf("a", TarConstants.LF_GNUTYPE_SPARSE), "a sparse file"),
        arguments("unknown kind", tarOf("a", (byte) 'V'), "special file"),
        arguments("way out", tarNamed("../evil"), "leads out of the folder"),
        arguments("way out by a folder", tarNamed("a/../../evil"), "leads out of the folder"),
        arguments("absolute", tarNamed("/tmp/image-embedding-evil"), "an absolute name"),
        arguments("drive", tarNamed("C:/evil"), "an absolute name"),
        arguments("backslash", tarNamed("..\\evil"), "a backslash or control character"),
        arguments("control character", tarNamed("a\u001b[2J"), "a backslash or control character"),
        arguments("deep", tarNamed("a/b/c/d/e"), "folders deeper than 4"),
        arguments("long name", tarNamed("n".repeat(101)), "more than 100 characters"),
        arguments("same name", tarNamed("a", "a"), "a name that comes twice"),
        arguments("same name, disguised", tarNamed("a", "./a"), "a name that comes twice"),
        arguments("folder where a file is", tarNamed("a", "a/b"), "of a file and of a folder"),
        arguments("file where a folder is", tarNamed("a/b", "a"), "of a file and of a folder"),
        arguments("many entries", TestingArchive.tar(eleven), "more than 10 entries"),
        arguments("no file", TestingArchive.tar(out -> {}), "not an archive"),
        arguments("bomb", TestingArchive.gzip(tarOf(zeros)), "may unpack to"),
        arguments(
            "bomb of gzip after the tar",
            TestingArchive.gzip(Arrays.copyOf(TestingArchive.tar(TestingArchive.MODEL), 1 << 20)),
            "too much between its files"),
        arguments("large", tarOf(new byte[210_000]), "more than 200000 bytes"),
        arguments("long long name", longName(3 << 20), "too much between its files"),
        arguments("no tar in gzip", TestingArchive.gzip(zeros), "there is no tar in it"),
        arguments("text in gzip", TestingArchive.gzip(bytes("x".repeat(600))), "no tar in it"),
        arguments("half a gzip", Arrays.copyOf(model, model.length / 2), "cut off"),
        arguments("gzip without its end", Arrays.copyOf(model, model.length - 4), "cut off"),
        arguments("a flipped bit", flipped(model), "the archive is damaged"),
        arguments("half a tar", Arrays.copyOf(tarOf(new byte[9_000]), 5_000), "the archive is"),
        arguments("web page", bytes("<!doctype html><p>log in"), "a web page or XML"),
        arguments("anything", bytes("anything"), "neither tar, gzip nor zip"),
        arguments("nothing", NOTHING, "it is empty"),
        arguments("zip: link", zipOf("a", 0120777, bytes("/etc")), "a link: 'a'"),
        arguments("zip: fifo", zipOf("a", 0010644, NOTHING), "special file"),
        arguments("zip: way out", zipOf("../evil", 0, NOTHING), "leads out of the folder"),
        arguments("zip: backslash", backslashedZip(), "a backslash"),
        arguments("zip: bomb", zipOf("a", 0, zeros), "may unpack to"),
        arguments("zip: lies about its size", lyingZip(), "another size or checksum"),
        arguments(
            "zip: same name",
            TestingArchive.zip(
                out -> {
                  TestingArchive.file(out, "a", 0, bytes("1"));
                  TestingArchive.file(out, "a", 0, bytes("2"));
                }),
            "a name that comes twice"),
        arguments("zip: half", half(TestingArchive.zip(TestingArchive.MODEL)), "is damaged"),
        arguments("zip: empty", TestingArchive.zip(out -> {}), "no file in the archive"));
  }

  @Test
  void anArchiveThatIsTooLargeIsNotRead() {
    assertThatThrownBy(() -> unpack(new byte[(1 << 20) + 1]))
        .isInstanceOf(ModelException.class)
        .hasMessage("model m: the archive has 1048577 bytes; allowed: 1048576");
  }

  @Test
  void theListOfFilesOfAZipIsBoundedBeforeItIsInMemory() {
    byte[] zip =
        TestingArchive.zip(
            out -> {
              for (int i = 0; i < 200; i++) {
                ZipArchiveEntry entry = new ZipArchiveEntry("f" + i);
                entry.setComment("c".repeat(60_000));
                out.putArchiveEntry(entry);
                out.closeArchiveEntry();
              }
            });

    assertThatThrownBy(
            () -> {
              Path file = Files.write(folder.resolve("m.zip"), zip);
              new ArchiveUnpacker("m", FetchLimits.DEFAULT).unpack(file, target);
            })
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("its list of files is too long");
  }

  private void unpack(byte[] archive) throws IOException {
    Path file = Files.write(folder.resolve("archive"), archive);
    new ArchiveUnpacker("m", SMALL).unpack(file, target);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] tarOf(String name, byte kind) {
    return TestingArchive.tar(out -> TestingArchive.entry(out, name, kind, "/etc", NOTHING));
  }

  private static byte[] tarOf(byte[] content) {
    return TestingArchive.tar(out -> TestingArchive.file(out, "a", content));
  }

  private static byte[] tarNamed(String... names) {
    return TestingArchive.tar(
        out -> {
          for (String name : names) {
            TestingArchive.file(out, name, bytes(name));
          }
        });
  }

  private static byte[] longName(int length) {
    return TestingArchive.gzip(
        TestingArchive.tar(
            out ->
                TestingArchive.entry(
                    out,
                    "././@LongLink",
                    TarConstants.LF_GNUTYPE_LONGNAME,
                    "",
                    bytes("n".repeat(length)))));
  }

  private static byte[] zipOf(String name, int mode, byte[] content) {
    return TestingArchive.zip(out -> TestingArchive.file(out, name, mode, content));
  }

  /** The library does not write it. */
  private static byte[] backslashedZip() {
    byte[] zip = zipOf("a|b", 0, NOTHING);
    for (int i = 0; i < zip.length; i++) {
      zip[i] = zip[i] == '|' ? (byte) '\\' : zip[i];
    }
    return zip;
  }

  /** Its list of files says one byte less than there is. */
  private static byte[] lyingZip() {
    byte[] zip = zipOf("a", 0, bytes("0123456789"));
    ByteBuffer buffer = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < zip.length - 4; i++) {
      if (buffer.getInt(i) == 0x02014b50) {
        buffer.putInt(i + 24, 9);
      }
    }
    return zip;
  }

  private static byte[] half(byte[] archive) {
    return Arrays.copyOf(archive, archive.length / 2);
  }

  private static byte[] flipped(byte[] archive) {
    byte[] copy = archive.clone();
    // The checksum of gzip.
    copy[copy.length - 6] ^= 1;
    return copy;
  }
}
