// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/**
 * Makes as many different photos as are needed, of any size, out of parts of those that come with
 * the program; the same at every run.
 */
final class Photos {
  private static final float QUALITY = 0.9f;
  private static final double SMALLEST_PART = 0.55;

  private final List<BufferedImage> originals = new ArrayList<>();
  private final Random random = new Random(2026);

  Photos() throws IOException {
    try (InputStream index = Photos.class.getResourceAsStream("/demo/index.txt")) {
      for (String name : new String(index.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        try (InputStream photo = Photos.class.getResourceAsStream("/demo/" + name.strip())) {
          originals.add(ImageIO.read(photo));
        }
      }
    }
  }

  /** Another photo: a part of one, scaled to the size. */
  BufferedImage next(int width, int height) {
    BufferedImage photo = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = photo.createGraphics();
    drawPart(graphics, 0, 0, width, height);
    graphics.dispose();
    return photo;
  }

  /** A photo of a size that none of the originals has, with as much detail as a camera's. */
  BufferedImage mosaic(int width, int height, int tile) {
    BufferedImage photo = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = photo.createGraphics();
    for (int y = 0; y < height; y += tile) {
      for (int x = 0; x < width; x += tile) {
        drawPart(graphics, x, y, tile, tile);
      }
    }
    graphics.dispose();
    return photo;
  }

  private void drawPart(Graphics2D graphics, int x, int y, int width, int height) {
    BufferedImage original = originals.get(random.nextInt(originals.size()));
    double share = SMALLEST_PART + (1 - SMALLEST_PART) * random.nextDouble();
    double scale =
        share
            * Math.min(
                original.getWidth() / (double) width, original.getHeight() / (double) height);
    int partWidth = (int) (width * scale);
    int partHeight = (int) (height * scale);
    int left = random.nextInt(original.getWidth() - partWidth + 1);
    int top = random.nextInt(original.getHeight() - partHeight + 1);
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(
        original, x, y, x + width, y + height, left, top, left + partWidth, top + partHeight, null);
  }

  static byte[] jpeg(BufferedImage photo) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      ImageWriteParam settings = writer.getDefaultWriteParam();
      settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      settings.setCompressionQuality(QUALITY);
      writer.write(null, new IIOImage(photo, null, null), settings);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  static byte[] png(BufferedImage photo) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(photo, "png", bytes);
    return bytes.toByteArray();
  }
}
