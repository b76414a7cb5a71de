// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFormatTest {
  @TempDir Path folder;

  @Test
  void everyFormIsAmongThoseThatHelpAndErrorsName() {
    assertThat(ModelFormat.all()).hasSizeGreaterThanOrEqualTo(3);
    for (ModelFormat form : ModelFormat.all()) {
      assertThat(ModelSource.FORMS).contains(form.words());
    }
  }

  @Test
  void aFileOfNoFormIsRefusedNamingAllOfThem() throws Exception {
    Path file = Files.writeString(folder.resolve("model.weights"), "x");

    for (ModelFormat form : ModelFormat.all()) {
      assertThat(form.isAt(file)).isFalse();
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> ModelSource.parse(file.toString(), ModelOptions.NONE).load())
          .withMessageContaining("a file of no known kind; needed: ")
          .withMessageContaining(form.words());
    }
  }

  @Test
  void whatIsNotThereHasNoForm() throws Exception {
    Files.createDirectories(folder.resolve("empty"));
    for (String name : new String[] {"saved_model.pb", "graph.pb", "prefix", "empty"}) {
      for (ModelFormat form : ModelFormat.all()) {
        assertThat(form.isAt(folder.resolve(name))).isFalse();
      }
    }
  }

  @Test
  void ofSeveralCheckpointsOneHasToBeNamed() throws Exception {
    Files.writeString(folder.resolve("a.index"), "");
    Files.writeString(folder.resolve("b.index"), "");

    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> ModelSource.parse(folder.toString(), ModelOptions.NONE).load())
        .withMessageContaining("several checkpoints in it; name one: ");
  }
}
