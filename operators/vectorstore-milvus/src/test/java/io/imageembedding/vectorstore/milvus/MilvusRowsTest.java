// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.vectorstore.ImageMetadata;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MilvusRowsTest {

  private static ImageMetadata image(List<String> parts) {
    return MilvusRows.image(Map.of(MilvusSchema.ID, "a", MilvusSchema.IMAGE, parts));
  }

  @Test
  void metadataAreReadAsTheyWereWritten() {
    ImageMetadata image =
        new ImageMetadata(
            new ImageInfo("png", 3, 4), "file:/ü", 5L, Map.of("k", "😀".repeat(50_000), "", "\n"));
    assertThat(image(MilvusRows.parts(image))).isEqualTo(image);
  }

  @Test
  void metadataThatSomebodyElseMadeOddAreReadWithoutWhatIsOdd() {
    assertThat(
            image(List.of("{\"format\": \"png\", \"attri", "butes\": {\"a\": [1], \"c\": \"d\"}}")))
        .isEqualTo(new ImageMetadata(new ImageInfo("png", 0, 0), null, null, Map.of("c", "d")));
    assertThat(image(List.of("no JSON")))
        .isEqualTo(new ImageMetadata(new ImageInfo("", 0, 0), null, null, Map.of()));
  }
}
