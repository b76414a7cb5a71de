// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.testkit.SampleImages;
import io.imageembedding.testkit.SampleRecords;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** Image messages by number: the same number is the same message, always. */
public final class TestingImages {
  private TestingImages() {}

  public static String id(int number) {
    return "image-" + number;
  }

  /** The value of a message, an ImageRecord; every {@code brokenEvery}th cannot be embedded. */
  public static byte[] message(int number, int brokenEvery) throws IOException {
    boolean broken = number % brokenEvery == 0;
    int kind = number / brokenEvery;
    if (broken && kind % 4 == 3) {
      return id(number).getBytes(StandardCharsets.UTF_8);
    }
    return SampleRecords.image(id(number), broken ? broken(kind) : image(number));
  }

  private static byte[] broken(int kind) throws IOException {
    byte[] whole = image(kind);
    return switch (kind % 3) {
      case 0 -> SampleImages.empty();
      case 1 -> SampleImages.notAnImage();
      default -> Arrays.copyOf(whole, whole.length / 2);
    };
  }

  /** A PNG of its own, but every tenth a WebP, which a plug-in decodes. */
  static byte[] image(int number) throws IOException {
    if (number % 10 == 9) {
      try (InputStream webp =
          TestingImages.class.getResourceAsStream("/io/imageembedding/image/noise.webp")) {
        return webp.readAllBytes();
      }
    }
    BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 32 * 32; i++) {
      image.setRGB(i % 32, i / 32, (number * 7919 + i * i * 31) & 0xffffff);
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return png.toByteArray();
  }
}
