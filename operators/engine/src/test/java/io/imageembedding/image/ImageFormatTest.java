// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFormatTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schemas/src/main/avro/io/imageembedding/schema/ImageRecord.avsc",
        "schemas/src/main/avro/io/imageembedding/schema/EmbeddingRecord.avsc",
        "schemas/src/main/resources/io/imageembedding/schema/EmbeddingRecord.schema.json",
        "operators/embedding/src/main/java/io/imageembedding/embedding/ImageInfo.java",
        "README.md",
      })
  void everyFormatIsNamedWhereTheyAreListed(String document) throws IOException {
    String text =
        Files.readString(Path.of(System.getProperty("image-embedding.project"), document));

    for (ImageFormat format : ImageFormat.ALL) {
      assertThat(text).containsPattern("(?i)\\b" + format.name() + "\\b");
    }
  }
}
