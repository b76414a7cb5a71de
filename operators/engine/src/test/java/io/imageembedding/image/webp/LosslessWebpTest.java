// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image.webp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class LosslessWebpTest {
  private static final int RGB = 0xffffff;

  @Test
  void pixelsAreThoseOfThePngThatTheFileWasMadeOf() throws Exception {
    for (Path file : files()) {
      BufferedImage png = ImageIO.read(new File(file.toString().replace(".webp", ".png")));
      int[] pixels = decode(Files.readAllBytes(file));
      int[] expected = png.getRGB(0, 0, png.getWidth(), png.getHeight(), null, 0, png.getWidth());
      int mask = png.getColorModel().hasAlpha() ? -1 : RGB;
      assertThat(masked(pixels, mask)).as(file.toString()).isEqualTo(masked(expected, mask));
    }
  }

  @Test
  void whateverTheStreamSaysItEndsInPixelsOrAnIoException() throws Exception {
    for (Path file : files()) {
      byte[] whole = Files.readAllBytes(file);
      Random random = new Random(whole.length);
      for (int i = 0; i < 200; i++) {
        byte[] mutant = whole.clone();
        for (int change = random.nextInt(4); change >= 0; change--) {
          mutant[25 + random.nextInt(mutant.length - 25)] = (byte) random.nextInt(256);
        }
        long start = System.nanoTime();
        try {
          decode(mutant);
        } catch (IOException e) {
          assertThat(e).hasMessageNotContaining("\n");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      }
    }
  }

  @Test
  void aStreamThatIsCutEndsEarly() throws Exception {
    byte[] whole = Files.readAllBytes(files().get(0));
    assertThatThrownBy(() -> decode(Arrays.copyOf(whole, whole.length / 2)))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void aTransformStandsInAStreamOnce() {
    // Width and height 1, no alpha, version 0, then: transform, subtract green, twice.
    ByteBuffer stream = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    stream.put((byte) 0x2f).putInt(0).put((byte) 0b101101);
    assertThatThrownBy(() -> LosslessWebp.decode(stream.array(), 0, 16, 1, 1))
        .hasMessageContaining("twice");
  }

  private static List<Path> files() throws Exception {
    Path folder = Path.of(LosslessWebpTest.class.getResource("../lossless").toURI());
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(path -> path.toString().endsWith(".webp")).sorted().toList();
    }
  }

  /** The first VP8L chunk of the file. */
  private static int[] decode(byte[] file) throws IOException {
    int chunk = new String(file, StandardCharsets.ISO_8859_1).indexOf("VP8L");
    int bits = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(chunk + 9);
    return LosslessWebp.decode(
        file, chunk + 8, file.length, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
  }

  private static int[] masked(int[] pixels, int mask) {
    return Arrays.stream(pixels).map(pixel -> pixel & mask).toArray();
  }
}
