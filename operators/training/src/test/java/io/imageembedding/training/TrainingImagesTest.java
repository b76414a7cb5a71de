// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.training.TrainingImages.LabelledImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingImagesTest {
  @TempDir Path folder;

  @Test
  void anImageStaysOnItsSideWhenOthersComeAndGo() throws Exception {
    for (int i = 0; i < 40; i++) {
      addImage("a", i + ".png");
      addImage("b", i + ".png");
    }
    Set<String> before = heldBack();
    Files.delete(folder.resolve("a/3.png"));
    for (int i = 0; i < 40; i++) {
      addImage("a", "new" + i + ".png");
    }

    Set<String> after = heldBack();

    assertThat(before).hasSizeBetween(8, 24);
    assertThat(after.stream().filter(name -> !name.contains("new")))
        .containsExactlyInAnyOrderElementsOf(
            before.stream().filter(name -> !name.equals("a/3.png")).toList());
    assertThat(after.stream().filter(name -> name.contains("new"))).isNotEmpty();
  }

  @Test
  void everyClassHasAnImageToLearnFrom() throws Exception {
    addImage("a", "one.png");
    addImage("b", "one.png");

    assertThat(read(0.9).training()).hasSize(2);
    assertThat(read(0.9).validation()).isEmpty();
  }

  @Test
  void batchesAreEvenAndNoneIsASingleImage() {
    List<LabelledImage> images =
        Stream.generate(() -> new LabelledImage(folder, 0)).limit(36).toList();

    assertThat(TrainingInputs.batches(images, 16)).extracting(List::size).containsOnly(12);
    assertThat(TrainingInputs.batches(images.subList(0, 33), 16))
        .extracting(List::size)
        .containsOnly(11);
    assertThat(TrainingInputs.batches(images.subList(0, 3), 2))
        .extracting(List::size)
        .containsExactly(3);
    assertThat(TrainingInputs.batches(List.of(), 16)).isEmpty();
  }

  private void addImage(String label, String name) throws IOException {
    Files.createDirectories(folder.resolve(label));
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(image, "png", folder.resolve(label).resolve(name).toFile());
  }

  private Set<String> heldBack() {
    return read(0.2).validation().stream()
        .map(image -> folder.relativize(image.file()).toString())
        .collect(Collectors.toSet());
  }

  private TrainingImages read(double split) {
    FineTuneOptions options = FineTunerTest.options(true, 1, split);
    return TrainingImages.read(folder, 32, options, (done, of) -> {});
  }

  /** By percent-encoded names, so that it does not depend on this process's locale. */
  @ParameterizedTest
  @ValueSource(strings = {"bad%FF", "two%0Alines", "bell%07"})
  void aClassFolderWhoseNameCannotBeALabelIsRefusedByName(String name) throws Exception {
    Files.createDirectory(folder.resolve("good"));
    Path bad = Files.createDirectory(Path.of(URI.create(folder.toUri() + name)));

    assertThatThrownBy(
            () -> TrainingImages.read(folder, 32, FineTuneOptions.defaults(true), (read, of) -> {}))
        .isInstanceOf(FineTuneException.class)
        .hasMessage(
            "class folder "
                + bad.toUri()
                + " cannot be a label: its name is no text in the encoding of file names, "
                + System.getProperty("sun.jnu.encoding")
                + ", or has control characters");
  }
}
