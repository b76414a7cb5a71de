// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.testing.TestData;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code fine-tune} learns with its defaults, on crops of photos that are easy to tell. */
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FineTuneITCase {
  private static final int CLASSES = 10;
  private static final int CROPS = 30;
  private static final int SIDE = 224;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Tag("long")
  void defaultsServe(boolean headOnly) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of("fine-tune", "--json", "--images", crops().toString(), "--output", "trained"));
    if (headOnly) {
      arguments.add("--head-only");
    }
    Ended trained =
        JavaProcess.run(
            folder, Map.of(), JavaProcess.command(Embed.class, arguments).toArray(String[]::new));

    assertThat(trained.exitCode()).as(trained.err()).isZero();
    JsonNode result = new ObjectMapper().readTree(trained.lastLine());
    assertThat(result.get("validated").asBoolean()).isTrue();
    assertThat(result.get("accuracy").asDouble()).as(trained.toString()).isGreaterThan(0.95);
    assertThat(result.get("epoch").asInt()).isEqualTo(5);
    String page = Files.readString(folder.resolve("trained/misclassified.html"));
    assertThat(page.split("<figure>", -1)).hasSize(1 + result.get("misclassified").size());
    assertThat(folder.resolve("trained/tensorboard/validation")).isNotEmptyDirectory();
  }

  /**
   * Squares of 0.4 to 0.9 of a photo's shorter side, from anywhere in it, half of them mirrored.
   */
  private Path crops() throws IOException {
    List<Path> photos;
    try (Stream<Path> files = Files.list(TestData.path("free"))) {
      photos =
          files.filter(file -> file.toString().endsWith(".jpg")).sorted().limit(CLASSES).toList();
    }
    assertThat(photos).hasSize(CLASSES);
    Random random = new Random(1);
    for (Path photo : photos) {
      BufferedImage whole = ImageIO.read(photo.toFile());
      Path images = Files.createDirectories(folder.resolve("images").resolve(photo.getFileName()));
      for (int i = 0; i < CROPS; i++) {
        int side =
            (int)
                ((0.4 + 0.5 * random.nextDouble()) * Math.min(whole.getWidth(), whole.getHeight()));
        int x = random.nextInt(whole.getWidth() - side + 1);
        int y = random.nextInt(whole.getHeight() - side + 1);
        boolean mirrored = random.nextBoolean();
        BufferedImage crop = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = crop.createGraphics();
        graphics.drawImage(
            whole,
            mirrored ? SIDE : 0,
            0,
            mirrored ? 0 : SIDE,
            SIDE,
            x,
            y,
            x + side,
            y + side,
            null);
        graphics.dispose();
        ImageIO.write(crop, "png", images.resolve(i + ".png").toFile());
      }
    }
    return folder.resolve("images");
  }
}
