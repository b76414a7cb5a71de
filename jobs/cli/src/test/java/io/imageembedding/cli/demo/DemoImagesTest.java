// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.demo.DemoImages.DemoImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoImagesTest {
  @TempDir Path folder;

  @Test
  void filesThatAreNamedLikeVersionsOfOthersHaveVersionsOfTheirOwn() throws IOException {
    for (String name : List.of("a.jpg", "a.png", "a.dark.jpg", "below/a.jpg")) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      ImageIO.write(
          new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB),
          name.substring(name.lastIndexOf('.') + 1),
          file.toFile());
    }

    List<DemoImage> images = DemoImages.of(folder);

    assertThat(images).hasSize(16).extracting(DemoImage::id).doesNotHaveDuplicates();
    assertThat(images).filteredOn(image -> image.photo().equals("a.png")).hasSize(4);
    assertThat(images)
        .extracting(DemoImage::id)
        .contains("a.dark.jpg", "a.crop.jpg", "a.png.crop.jpg", "below/a.crop.jpg");
  }
}
