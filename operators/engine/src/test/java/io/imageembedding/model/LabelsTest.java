// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelsTest {
  @TempDir Path folder;

  @Test
  void everyLineIsALabelWhateverEndsIt() throws IOException {
    assertThat(Labels.read(file("\uFEFFbackground\r\ntench, Tinca tinca \nSchäferhund")))
        .containsExactly("background", "tench, Tinca tinca", "Schäferhund");
  }

  @Test
  void blankLinesAtTheEndAreNoLabels() throws IOException {
    assertThat(Labels.read(file("a\nb\n\n  \n"))).containsExactly("a", "b");
  }

  @Test
  void aBlankLineInTheMiddleIsNamed() throws IOException {
    assertRefused(file("a\n\nb\n"), "has no label in line 2");
  }

  @Test
  void whatIsNoFileOfLabelsIsRefusedByName() throws IOException {
    assertRefused(folder.resolve("none.txt"), "cannot be read");
    assertRefused(folder, "cannot be read");
    assertRefused(file("\n \n"), "has no labels");
    Path binary = folder.resolve("binary");
    Files.write(binary, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
    assertRefused(binary, "is not UTF-8");
  }

  @Test
  void sizeAndNumberAreBounded() throws IOException {
    assertThat(Labels.read(file("a\n".repeat(Labels.MAX_LABELS)))).hasSize(Labels.MAX_LABELS);
    assertRefused(file("a\n".repeat(Labels.MAX_LABELS + 1)), "has 100001 labels");
    assertThat(Labels.read(file("a".repeat(Labels.MAX_BYTES)))).hasSize(1);
    assertRefused(file("a".repeat(Labels.MAX_BYTES + 1)), "is larger than 1048576 bytes");
  }

  private void assertRefused(Path file, String why) {
    assertThatThrownBy(() -> Labels.read(file))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("labels file " + file + " " + why)
        .hasMessageNotContaining("\n");
  }

  private Path file(String text) throws IOException {
    return Files.writeString(Files.createTempFile(folder, "labels", ".txt"), text);
  }
}
