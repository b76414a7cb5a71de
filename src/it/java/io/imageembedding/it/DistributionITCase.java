// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.it.JavaProcess.Ended;
import java.awt.image.BufferedImage;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command line as it is handed on, where it was not built, by someone who has no Maven cache.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DistributionITCase {
  private static final Path TARGET = JavaProcess.project().resolve("jobs/cli/target");

  @TempDir Path folder;

  @Test
  void aCopyOfTheFolderLoadsNoClassFromElsewhere() throws Exception {
    Path copy = folder.toRealPath().resolve("a copy");
    JavaProcess.run(
        folder, Map.of(), "cp", "-R", TARGET.resolve("distribution").toString(), copy.toString());

    Ended ended = embed(copy, "--version");

    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(ended.lastLine()).startsWith("flink-image-embedding ");
    assertThat(sources()).allMatch(each -> isIn(copy, each)).hasSizeGreaterThan(1);
  }

  @Test
  @Tag("long")
  void theArchiveEmbedsWhereItIsUnpackedAndItsNativeCodeIsQuiet() throws Exception {
    List<Path> archives;
    try (Stream<Path> all = Files.list(TARGET)) {
      archives = all.filter(each -> each.toString().endsWith(".tar.gz")).toList();
    }
    assertThat(archives).hasSize(1);
    JavaProcess.run(folder, Map.of(), "tar", "-xzf", archives.get(0).toString());
    Path unpacked =
        folder
            .toRealPath()
            .resolve(archives.get(0).getFileName().toString().replace(".tar.gz", ""));
    Files.write(folder.resolve("gap.jpg"), jpegWithAGap());

    Ended ended =
        embed(unpacked, "image", "--json", "--model", "untrained:mobilenet_v2_0.35_96", "gap.jpg");

    assertThat(ended.exitCode()).as(ended.err()).isZero();
    JsonNode answer = new ObjectMapper().readTree(ended.lastLine());
    assertThat(answer.get("vector")).hasSize(1280);
    assertThat(ended.err()).isEmpty();
    assertThat(sources()).allMatch(each -> isIn(unpacked, each)).hasSizeGreaterThan(10);
  }

  @Test
  void whatIsInItIsWhatItSays() throws Exception {
    Path distribution = TARGET.resolve("distribution");
    assertThat(distribution.resolve("job/image-embedding-job.jar")).isRegularFile();
    assertThat(distribution.resolve("LICENSE")).isRegularFile();
    assertThat(distribution.resolve("NOTICE")).isRegularFile();
    for (String text : List.of("embed", "jvm.args")) {
      assertThat(distribution.resolve(text))
          .content()
          .doesNotContain(".m2", JavaProcess.project().toString());
    }
  }

  /** It decodes, and libjpeg has something to say about it. */
  private byte[] jpegWithAGap() throws Exception {
    BufferedImage image = new BufferedImage(200, 200, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 200 * 200; i++) {
      image.setRGB(i % 200, i / 200, i * 40503);
    }
    Path file = folder.resolve("whole.jpg");
    ImageIO.write(image, "jpg", file.toFile());
    byte[] whole = Files.readAllBytes(file);
    int middle = whole.length / 2;
    byte[] gap = Arrays.copyOf(whole, whole.length - 500);
    System.arraycopy(whole, middle + 500, gap, middle, whole.length - middle - 500);
    return gap;
  }

  private Ended embed(Path distribution, String... arguments) throws Exception {
    String[] command =
        Stream.concat(Stream.of(distribution.resolve("embed").toString()), Stream.of(arguments))
            .toArray(String[]::new);
    return JavaProcess.run(
        folder,
        Map.of(
            "HOME",
            Files.createDirectories(folder.resolve("home")).toString(),
            "JAVA_HOME",
            System.getProperty("java.home"),
            "EMBED_JAVA_OPTS",
            "-Xlog:class+load=info:file=loaded.txt"),
        command);
  }

  /** The jars and folders that the last process had classes from; not what the JDK has itself. */
  private List<String> sources() throws Exception {
    try (Stream<String> lines = Files.lines(folder.resolve("loaded.txt"))) {
      return lines
          .filter(each -> each.contains("source: file:"))
          .map(each -> each.substring(each.indexOf("source: ") + "source: ".length()).strip())
          .distinct()
          .toList();
    }
  }

  private static boolean isIn(Path folder, String source) {
    return Path.of(URI.create(source)).startsWith(folder);
  }
}
