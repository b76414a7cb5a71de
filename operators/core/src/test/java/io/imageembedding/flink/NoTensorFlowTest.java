// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Who tests with the tiny model has neither TensorFlow's jars nor the JVM's arguments for it. */
class NoTensorFlowTest {

  @Test
  void theOperatorEmbedsImagesOfEveryFormatWithoutIt() throws Exception {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(
                entry -> !new File(entry).getName().matches("(tensorflow|javacpp|ndarray).*jar"))
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(classPath).isNotEqualTo(System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                classPath,
                WithoutTensorFlow.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();

    assertThat(said.lines().toList())
        .as(said)
        .endsWith("jpeg 8", "png 8", "gif 8", "bmp 8", "webp 8", "tiff 8");
    assertThat(process.exitValue()).isZero();
  }
}
