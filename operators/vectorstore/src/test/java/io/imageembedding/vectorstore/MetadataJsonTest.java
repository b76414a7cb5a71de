// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.ImageInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataJsonTest {
  private static final ImageMetadata NOTHING =
      new ImageMetadata(new ImageInfo("", 0, 0), null, null, Map.of());

  private static final ImageMetadata FULL =
      new ImageMetadata(
          new ImageInfo("png", 3, 4),
          "file:/ü",
          1_700_000_000_000L,
          Map.of("k=1", "v\n\"", "", "😀"));

  private static ImageMetadata image(String json) {
    byte[] bytes = ("x" + json + "x").getBytes(UTF_8);
    return MetadataJson.image(bytes, 1, bytes.length - 2);
  }

  @Test
  void whatAStoreWritesIsReadAsItWas() {
    for (ImageMetadata image : List.of(NOTHING, FULL)) {
      assertThat(image(MetadataJson.write(image))).isEqualTo(image);
      assertThat(image(MetadataJson.writeAscii(image))).isEqualTo(image);
      assertThat(MetadataJson.attributes(MetadataJson.write(image.attributes())))
          .isEqualTo(image.attributes());
    }
  }

  /** As it lies in stores that were written before. */
  @Test
  void theFormThatStoresHoldStaysAsItIs() {
    String full =
        "{\"uri\":\"file:/ü\",\"format\":\"png\",\"width\":3,\"height\":4,"
            + "\"capturedAt\":1700000000000,"
            + "\"attributes\":{\"\":\"😀\",\"k=1\":\"v\\n\\\"\"}}";
    assertThat(MetadataJson.write(FULL)).isEqualTo(full);
    assertThat(MetadataJson.writeAscii(FULL))
        .isEqualTo(full.replace("ü", "\\u00FC").replace("😀", "\\uD83D\\uDE00"));
    assertThat(MetadataJson.write(NOTHING))
        .isEqualTo(
            "{\"uri\":null,\"format\":\"\",\"width\":0,\"height\":0,\"capturedAt\":null,"
                + "\"attributes\":{}}");
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
        .isEqualTo(new ImageMetadata(new ImageInfo("png", 0, 4), null, null, Map.of("c", "d")));
    assertThat(MetadataJson.attributes("{\"a\": [\"b\"], \"c\": \"d\", \"e\": null, \"f\": 1}"))
        .isEqualTo(Map.of("c", "d"));
    assertThat(MetadataJson.attributes(null)).isEmpty();
    assertThat(MetadataJson.attributes("[".repeat(100_000))).isEmpty();
  }
}
