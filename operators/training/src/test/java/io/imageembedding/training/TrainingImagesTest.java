// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingImagesTest {
  @TempDir Path folder;

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
