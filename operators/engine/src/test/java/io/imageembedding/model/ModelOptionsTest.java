// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.InputRange;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ModelOptionsTest {

  @Test
  void everyChoiceTravelsToTheTasks() throws Exception {
    ModelOptions options =
        ModelOptions.builder()
            .signature("serving_default")
            .input("images")
            .output("scores")
            .inputSize(96)
            .modelOutput(ModelOutput.LOGITS)
            .labels(List.of("cat", "dog"))
            .sha256("AB".repeat(32))
            .allowedOperations(Set.of("Print"))
            .precision(Precision.BF16)
            .inputRange(InputRange.BYTES)
            .build();

    assertThat(options)
        .isEqualTo(
            new ModelOptions(
                "serving_default",
                "images",
                "scores",
                96,
                ModelOutput.LOGITS,
                List.of("cat", "dog"),
                "ab".repeat(32),
                Set.of("Print"),
                Precision.BF16,
                InputRange.BYTES));
    assertThat(travelled(options)).isEqualTo(options);
    assertThat(travelled(ModelOptions.NONE)).isEqualTo(ModelOptions.NONE);
  }

  private static Object travelled(ModelOptions options) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(options);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return in.readObject();
    }
  }
}
