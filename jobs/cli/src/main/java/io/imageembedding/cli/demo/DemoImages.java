// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.demo;

import io.imageembedding.cli.index.ImageFile;
import io.imageembedding.cli.output.CommandFailure;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.apache.flink.annotation.Internal;

/**
 * The demonstration's images: photos, and of each three versions (the middle of it, mirrored,
 * darker), which the job should find to be its nearest.
 */
@Internal
public final class DemoImages {
  private static final String INDEX = "/demo/index.txt";
  private static final double CROP = 0.8;
  private static final double DARKNESS = 0.6;

  /**
   * An image.
   *
   * @param photo id of the photo that it is a version of
   */
  public record DemoImage(String id, String photo, byte[] bytes) {}

  private DemoImages() {}

  /** The photos that come with the program, and their versions. */
  public static List<DemoImage> builtin() throws IOException {
    List<DemoImage> images = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (String name :
        resource(INDEX, bytes -> new String(bytes, StandardCharsets.UTF_8)).lines().toList()) {
      addWithVersions(name, resource("/demo/" + name, bytes -> bytes), images, taken);
    }
    return images;
  }

  /** Every file of the folder, and versions of those that Java can decode. */
  public static List<DemoImage> of(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CommandFailure("there is no folder " + folder);
    }
    List<ImageFile> files =
        ImageFile.below(
            List.of(folder),
            (name, why) -> {
              throw new CommandFailure(name + ": " + why);
            });
    Set<String> taken = files.stream().map(ImageFile::id).collect(Collectors.toSet());
    List<DemoImage> images = new ArrayList<>();
    for (ImageFile file : files) {
      addWithVersions(file.id(), Files.readAllBytes(file.file()), images, taken);
    }
    if (images.isEmpty()) {
      throw new CommandFailure("there are no files in " + folder);
    }
    return images;
  }

  private static <T> T resource(String name, Function<byte[], T> as) throws IOException {
    try (InputStream in = DemoImages.class.getResourceAsStream(name)) {
      return as.apply(in.readAllBytes());
    }
  }

  private static void addWithVersions(
      String id, byte[] bytes, List<DemoImage> images, Set<String> taken) throws IOException {
    images.add(new DemoImage(id, id, bytes));
    BufferedImage photo = decode(bytes);
    if (photo != null) {
      images.add(new DemoImage(version(id, "crop", taken), id, jpeg(crop(photo))));
      images.add(new DemoImage(version(id, "flip", taken), id, jpeg(flip(photo))));
      images.add(new DemoImage(version(id, "dark", taken), id, jpeg(darken(photo))));
    }
  }

  /** An id that no file and no other version has: two files may differ in their endings only. */
  private static String version(String id, String name, Set<String> taken) {
    int dot = id.lastIndexOf('.');
    String stem = dot > id.lastIndexOf('/') ? id.substring(0, dot) : id;
    String version = stem + "." + name + ".jpg";
    for (int i = 1; !taken.add(version); i++) {
      version = id + "." + name + (i == 1 ? "" : "-" + i) + ".jpg";
    }
    return version;
  }

  private static BufferedImage crop(BufferedImage photo) {
    int width = Math.max(1, (int) (photo.getWidth() * CROP));
    int height = Math.max(1, (int) (photo.getHeight() * CROP));
    return photo.getSubimage(
        (photo.getWidth() - width) / 2, (photo.getHeight() - height) / 2, width, height);
  }

  private static BufferedImage flip(BufferedImage photo) {
    BufferedImage flipped = blank(photo);
    Graphics2D graphics = flipped.createGraphics();
    graphics.drawImage(photo, photo.getWidth(), 0, -photo.getWidth(), photo.getHeight(), null);
    graphics.dispose();
    return flipped;
  }

  private static BufferedImage darken(BufferedImage photo) {
    BufferedImage dark = blank(photo);
    for (int y = 0; y < photo.getHeight(); y++) {
      for (int x = 0; x < photo.getWidth(); x++) {
        int rgb = photo.getRGB(x, y);
        dark.setRGB(x, y, darker(rgb >> 16) << 16 | darker(rgb >> 8) << 8 | darker(rgb));
      }
    }
    return dark;
  }

  private static int darker(int channel) {
    return (int) Math.round((channel & 0xff) * DARKNESS);
  }

  private static BufferedImage blank(BufferedImage like) {
    return new BufferedImage(like.getWidth(), like.getHeight(), BufferedImage.TYPE_INT_RGB);
  }

  /** The image as Java reads it, without alpha, or null if it cannot. */
  static BufferedImage decode(byte[] bytes) {
    try {
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
      if (image == null) {
        return null;
      }
      BufferedImage rgb = blank(image);
      Graphics2D graphics = rgb.createGraphics();
      graphics.drawImage(image, 0, 0, null);
      graphics.dispose();
      return rgb;
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  public static byte[] jpeg(BufferedImage image) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", out);
    return out.toByteArray();
  }
}
