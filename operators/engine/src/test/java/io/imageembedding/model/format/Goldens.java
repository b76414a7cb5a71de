// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.testing.TestData;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Lossless inputs of 224 pixels and their vectors by an implementation in float64. */
public final class Goldens {
  private Goldens() {}

  public static void assertGoldens(FeatureVectorModel model, double tolerance) throws IOException {
    Path folder = TestData.path("golden");
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> images =
          files.filter(file -> file.toString().endsWith("_224.png")).sorted().toList();
      assertThat(images).hasSizeGreaterThan(5);
      for (Path image : images) {
        String name = image.getFileName().toString().replace("_224.png", "_embedding_f64.npy");
        assertVector(model, pixels(image), folder.resolve(name), tolerance);
      }
    }
    float[] half = new float[224 * 224 * 3];
    Arrays.fill(half, 0.5f);
    assertVector(model, half, folder.resolve("const_half_embedding_f64.npy"), tolerance);
  }

  private static void assertVector(
      FeatureVectorModel model, float[] rgb, Path golden, double tolerance) throws IOException {
    try (ImageTensor tensor = new ImageTensor(224, 1)) {
      tensor.append(rgb);
      assertThat(Npy.maxAbsDifference(Npy.read(golden).values(), model.embed(tensor)[0]))
          .as(golden.getFileName().toString())
          .isLessThan(tolerance);
    }
  }

  private static float[] pixels(Path png) throws IOException {
    BufferedImage image = ImageIO.read(png.toFile());
    float[] rgb = new float[image.getWidth() * image.getHeight() * 3];
    for (int i = 0; i < rgb.length / 3; i++) {
      int pixel = image.getRGB(i % image.getWidth(), i / image.getWidth());
      rgb[i * 3] = (pixel >> 16 & 0xff) / 255f;
      rgb[i * 3 + 1] = (pixel >> 8 & 0xff) / 255f;
      rgb[i * 3 + 2] = (pixel & 0xff) / 255f;
    }
    return rgb;
  }
}
