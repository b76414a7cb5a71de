// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.testing.TestData;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ThumbnailTest {
  private static final ImageDecoder DECODER =
      new ImageDecoder(
          new DecodeLimits(1 << 20, 5000, 5000, 4_000_000, 10),
          new Preprocessing(Orientation.APPLY, JpegDecoding.SCALED));

  @AfterAll
  static void close() {
    DECODER.close();
  }

  @ParameterizedTest
  @CsvSource({
    "800, 400, 100, 50",
    "400, 800, 50, 100",
    "100, 100, 100, 100",
    "30, 20, 30, 20",
    "4000, 1, 100, 1",
    "1, 1, 1, 1",
    "333, 127, 100, 38"
  })
  void itKeepsTheProportionsAndNeverGrows(int width, int height, int atMostWide, int high)
      throws Exception {
    BufferedImage thumbnail = DECODER.thumbnail(png(width, height), 100);

    assertThat(thumbnail.getWidth()).isEqualTo(atMostWide);
    assertThat(thumbnail.getHeight()).isEqualTo(high);
  }

  @Test
  void eachPixelIsTheMeanOfThoseInItsPlace() throws Exception {
    BufferedImage checked = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 40; y++) {
      for (int x = 0; x < 40; x++) {
        checked.setRGB(x, y, (x + y) % 2 == 0 ? 0xff8000 : 0x000000);
      }
    }

    BufferedImage thumbnail = DECODER.thumbnail(encode(checked), 10);

    for (int i = 0; i < 100; i++) {
      assertThat(new Color(thumbnail.getRGB(i % 10, i / 10))).isEqualTo(new Color(128, 64, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Landscape_2.jpg", "Landscape_4.jpg", "Landscape_6.jpg", "Landscape_8.jpg"})
  void photosAreUpright(String name) throws Exception {
    BufferedImage upright = thumbnail("Landscape_1.jpg");
    BufferedImage turned = thumbnail(name);

    assertThat(turned.getWidth()).isGreaterThan(turned.getHeight());
    assertThat(turned.getWidth()).isEqualTo(upright.getWidth());
    Color corner = new Color(upright.getRGB(5, 5));
    Color same = new Color(turned.getRGB(5, 5));
    assertThat(same.getRed()).isBetween(corner.getRed() - 30, corner.getRed() + 30);
    assertThat(same.getBlue()).isBetween(corner.getBlue() - 30, corner.getBlue() + 30);
  }

  @Test
  void limitsHoldAsForTheModel() throws Exception {
    byte[] large = png(4999, 999);
    assertThatThrownBy(() -> DECODER.thumbnail(large, 100))
        .isInstanceOf(UndecodableImageException.class)
        .hasMessageContaining("the limit is 4000000");
    assertThatThrownBy(() -> DECODER.thumbnail(new byte[] {1, 2, 3}, 100))
        .isInstanceOf(UndecodableImageException.class);
  }

  @Test
  void preprocessingIsKnownByItsId() {
    for (Orientation orientation : Orientation.values()) {
      for (JpegDecoding decoding : JpegDecoding.values()) {
        Preprocessing preprocessing = new Preprocessing(orientation, decoding);
        assertThat(Preprocessing.ofId(preprocessing.id())).contains(preprocessing);
      }
    }
    assertThat(Preprocessing.ofId("another")).isEmpty();
  }

  private static BufferedImage thumbnail(String name) throws Exception {
    return DECODER.thumbnail(Files.readAllBytes(TestData.path("images/exif/" + name)), 120);
  }

  private static byte[] png(int width, int height) throws IOException {
    return encode(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB));
  }

  private static byte[] encode(BufferedImage image) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }
}
