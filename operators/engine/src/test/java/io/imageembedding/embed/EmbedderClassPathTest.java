// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The other tests of this module prove that it works; this one, without what. */
class EmbedderClassPathTest {

  @Test
  void nothingOfFlinkKafkaOrAvroIsThere() {
    assertThat(
            Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).getFileName().toString()))
        .anyMatch(name -> name.startsWith("assertj-core-"))
        .noneMatch(name -> name.matches("(flink|kafka|avro)-.*\\.jar"));
  }
}
