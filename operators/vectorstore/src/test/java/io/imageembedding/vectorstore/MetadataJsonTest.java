// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataJsonTest {
  private static final ImageMetadata NOTHING = new ImageMetadata(null, "", 0, 0, null, Map.of());

  private static ImageMetadata image(String json) {
    byte[] bytes = ("x" + json + "x").getBytes(UTF_8);
    return MetadataJson.image(bytes, 1, bytes.length - 2);
  }

  @Test
  void whatAStoreWritesIsReadAsItWas() throws Exception {
    ObjectMapper json = new ObjectMapper();
    for (ImageMetadata image :
        new ImageMetadata[] {
          NOTHING,
          new ImageMetadata(
              "file:/ü", "png", 3, 4, 1_700_000_000_000L, Map.of("k=1", "v\n\"", "", "😀"))
        }) {
      assertThat(image(json.writeValueAsString(image))).isEqualTo(image);
      assertThat(MetadataJson.attributes(json.writeValueAsString(image.attributes())))
          .isEqualTo(image.attributes());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "7", "\"text\"", "[1, [2]]", "{", "{\"attributes\": [1]}"})
  void whatIsNoneIsNothing(String json) {
    assertThat(image(json)).isEqualTo(NOTHING);
    assertThat(MetadataJson.attributes(json)).isEmpty();
  }

  @Test
  void whatIsOddIsLeftOutAndTheRestIsRead() {
    assertThat(
            image(
                "{\"uri\": 5, \"format\": \"png\", \"width\": {}, \"height\": 4, \"capturedAt\":"
                    + " \"today\", \"more\": 1, \"attributes\": {\"a\": {\"b\": 1}, \"c\": \"d\"}}"))
        .isEqualTo(new ImageMetadata(null, "png", 0, 4, null, Map.of("c", "d")));
    assertThat(MetadataJson.attributes("{\"a\": [\"b\"], \"c\": \"d\", \"e\": null, \"f\": 1}"))
        .isEqualTo(Map.of("c", "d"));
    assertThat(MetadataJson.attributes(null)).isEmpty();
    assertThat(MetadataJson.attributes("[".repeat(100_000))).isEmpty();
  }
}
