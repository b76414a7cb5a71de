// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Small images that can be told apart by their vectors. */
public final class TestingImages {
  private TestingImages() {}

  /** A 4x4 PNG whose every channel is {@code level}, 0 to 255. */
  public static byte[] solid(int level) {
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 16; i++) {
      image.setRGB(i % 4, i / 4, level << 16 | level << 8 | level);
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return png.toByteArray();
  }
}
