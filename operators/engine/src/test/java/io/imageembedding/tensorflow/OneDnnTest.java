// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each in a JVM of its own: TensorFlow asks once. */
@Timeout(60)
class OneDnnTest {
  private static final String VARIABLE = "TF_ENABLE_ONEDNN_OPTS";

  /** What a child process does: runs the smallest network; oneDNN prints what it computes. */
  static final class RunNetwork {
    private RunNetwork() {}

    public static void main(String[] arguments) {
      try (FeatureVectorModel model = ModelSource.parse("untrained:mobilenet_v2_0.35_96").load();
          ImageTensor image = model.newInput(1)) {
        image.append(new float[96 * 96 * 3]);
        model.embed(image);
      }
    }
  }

  @Test
  void convolutionsAreComputedByOneDnnOnEveryProcessor() throws Exception {
    assertThat(primitives(null)).isGreaterThan(52);
  }

  @Test
  void theEnvironmentOfTheProcessHasTheLastWord() throws Exception {
    assertThat(primitives("0")).isZero();
  }

  private static long primitives(String setting) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                RunNetwork.class.getName())
            .redirectError(Redirect.DISCARD);
    builder.environment().put("ONEDNN_VERBOSE", "1");
    builder.environment().remove(VARIABLE);
    if (setting != null) {
      builder.environment().put(VARIABLE, setting);
    }
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output
        .lines()
        .filter(line -> line.matches("onednn_verbose,.*exec,cpu,convolution.*"))
        .count();
  }
}
