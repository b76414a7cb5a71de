// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A JVM of its own, for what TensorFlow decides once in a process. */
final class TestingJvm {
  private TestingJvm() {}

  /**
   * What a program prints that ends well.
   *
   * @param environment variables that it has beside those of this process; null takes one away
   */
  static String run(Class<?> program, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                program.getName())
            .redirectError(Redirect.DISCARD);
    builder.command().addAll(List.of(arguments));
    environment.forEach(
        (name, value) -> {
          builder.environment().remove(name);
          if (value != null) {
            builder.environment().put(name, value);
          }
        });
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output;
  }
}
