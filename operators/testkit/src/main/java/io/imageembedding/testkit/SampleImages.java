// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import io.imageembedding.annotation.PublicEvolving;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.ImageIO;

/**
 * Files of small images, good ones and such that cannot be embedded, made on the spot. The same
 * number is the same file, always; another number is another picture.
 */
@PublicEvolving
public final class SampleImages {
  private static final int WIDTH = 48;
  private static final int HEIGHT = 32;

  /** Wider and higher than any limit that a job would set. */
  private static final int ENORMOUS = 1_000_000;

  private SampleImages() {}

  /**
   * A file that is answered by a refusal.
   *
   * @param name what is wrong with it, in a word or two
   * @param file its bytes
   * @param code of the refusal
   */
  public record Refused(String name, byte[] file, String code) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** A JPEG. */
  public static byte[] jpeg(int number) {
    return encoded("jpeg", number);
  }

  /** A PNG. */
  public static byte[] png(int number) {
    return encoded("png", number);
  }

  /** A GIF. */
  public static byte[] gif(int number) {
    return encoded("gif", number);
  }

  /** A bitmap. */
  public static byte[] bmp(int number) {
    return encoded("bmp", number);
  }

  /** A TIFF. */
  public static byte[] tiff(int number) {
    return encoded("tiff", number);
  }

  /** A lossless WebP. */
  public static byte[] webp(int number) {
    return LosslessWebpFile.of(picture(number));
  }

  /** One file of every format that is decoded, by the format's name. */
  public static Map<String, byte[]> ofEveryFormat(int number) {
    Map<String, IntFunction<byte[]>> makers = new LinkedHashMap<>();
    makers.put("jpeg", SampleImages::jpeg);
    makers.put("png", SampleImages::png);
    makers.put("gif", SampleImages::gif);
    makers.put("bmp", SampleImages::bmp);
    makers.put("webp", SampleImages::webp);
    makers.put("tiff", SampleImages::tiff);
    Map<String, byte[]> files = new LinkedHashMap<>();
    makers.forEach((format, maker) -> files.put(format, maker.apply(number)));
    return files;
  }

  /** A PNG of a single colour, by its channels from 0 to 255. */
  public static byte[] plain(int red, int green, int blue) {
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = image.createGraphics();
    canvas.setColor(new Color(red, green, blue));
    canvas.fillRect(0, 0, 4, 4);
    canvas.dispose();
    return encoded("png", image);
  }

  /** A file of no bytes; refused as {@code EMPTY}. */
  public static byte[] empty() {
    return new byte[0];
  }

  /** A text; refused as {@code NOT_AN_IMAGE}. */
  public static byte[] notAnImage() {
    return "This is no image.\n".getBytes(StandardCharsets.UTF_8);
  }

  /** A drawing in SVG, which is not decoded; refused as {@code UNSUPPORTED_FORMAT}. */
  public static byte[] unsupported() {
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"4\" height=\"4\"/>\n"
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The first half of a PNG; refused as {@code TRUNCATED}. */
  public static byte[] truncated() {
    byte[] whole = png(0);
    return Arrays.copyOf(whole, whole.length / 2);
  }

  /** A whole PNG whose compressed pixels are none; refused as {@code CORRUPT}. */
  public static byte[] corrupt() {
    byte[] noise = new byte[200];
    Arrays.fill(noise, (byte) 0x55);
    return pngFile(WIDTH, HEIGHT, noise);
  }

  /**
   * A decompression bomb: a PNG of some hundred bytes that says that it has a million times a
   * million pixels; refused as {@code TOO_LARGE}.
   */
  public static byte[] bomb() {
    Deflater deflater = new Deflater();
    deflater.setInput(new byte[100_000]);
    deflater.finish();
    byte[] packed = new byte[1000];
    int length = deflater.deflate(packed);
    deflater.end();
    return pngFile(ENORMOUS, ENORMOUS, Arrays.copyOf(packed, length));
  }

  /** One file of every kind that is refused. */
  public static List<Refused> refused() {
    return List.of(
        new Refused("empty", empty(), "EMPTY"),
        new Refused("not an image", notAnImage(), "NOT_AN_IMAGE"),
        new Refused("unsupported", unsupported(), "UNSUPPORTED_FORMAT"),
        new Refused("truncated", truncated(), "TRUNCATED"),
        new Refused("corrupt", corrupt(), "CORRUPT"),
        new Refused("bomb", bomb(), "TOO_LARGE"));
  }

  private static byte[] encoded(String format, int number) {
    return encoded(format, picture(number));
  }

  /** Shapes on a plain ground, whose colours and places the number decides. */
  private static BufferedImage picture(int number) {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = image.createGraphics();
    // Odd, so that every number has its own product among 32-bit numbers.
    int mixed = (number + 1) * 0x9E3779B1;
    canvas.setColor(new Color(mixed & 0xffffff));
    canvas.fillRect(0, 0, WIDTH, HEIGHT);
    canvas.setColor(new Color(Integer.reverse(mixed) & 0xffffff));
    canvas.fillRect((mixed >>> 8 & 15) + 4, (mixed >>> 12 & 7) + 4, 20, 16);
    canvas.dispose();
    return image;
  }

  private static byte[] encoded(String format, BufferedImage image) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, format, file)) {
        throw new IllegalStateException("this JDK writes no " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.toByteArray();
  }

  /** A PNG of 8-bit RGB around compressed bytes, W3C's specification, section 11. */
  private static byte[] pngFile(int width, int height, byte[] compressed) {
    byte[] head =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put(new byte[] {8, 2, 0, 0, 0})
            .array();
    ByteBuffer file = ByteBuffer.allocate(8 + 3 * 12 + head.length + compressed.length);
    file.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    chunk(file, "IHDR", head);
    chunk(file, "IDAT", compressed);
    chunk(file, "IEND", new byte[0]);
    return file.array();
  }

  private static void chunk(ByteBuffer file, String type, byte[] content) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 checksum = new CRC32();
    checksum.update(name);
    checksum.update(content);
    file.putInt(content.length).put(name).put(content).putInt((int) checksum.getValue());
  }
}
