// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputRangeTest {
  private static final String MEAN_AND_STD = "mean 0.485,0.456,0.406 std 0.229,0.224,0.225";

  @Test
  void everyFormIsALinearMap() {
    assertThat(InputRange.parse("-1..1").orElseThrow().scale()).containsOnly(2f);
    assertThat(InputRange.parse("-1..1").orElseThrow().shift()).containsOnly(-1f);
    assertThat(InputRange.parse("0..255")).contains(InputRange.BYTES);
    InputRange ofChannels = InputRange.parse(MEAN_AND_STD).orElseThrow();
    assertThat(ofChannels.scale())
        .isEqualTo(List.of((float) (1 / 0.229), (float) (1 / 0.224), (float) (1 / 0.225)));
    assertThat(ofChannels.shift().get(0)).isEqualTo((float) (-0.485 / 0.229));
    assertThat(InputRange.parse(" mean 0.485, 0.456, 0.406  std 0.229,0.224,0.225"))
        .contains(ofChannels);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0..1..2", "1..0", "mean 1,2 std 1,2", "mean 0,0,0 std 1,1,0"})
  void whatIsNoneIsNone(String text) {
    assertThat(InputRange.parse(text)).isEmpty();
  }

  @Test
  void theDefaultsIdentityIsWhatItWasAndOthersHaveTheirOwn() {
    String before =
        "tf-decode-image/rgb-0-1/bilinear-half-pixel/webp-tiff-" + PluginDecoder.VERSION;
    Preprocessing way = Preprocessing.REFERENCE;

    assertThat(way.id()).isEqualTo(before);
    assertThat(way.id(InputRange.UNIT)).isEqualTo(before);
    assertThat(way.id(InputRange.BYTES)).isEqualTo(before.replace("0-1", "0-255"));
    assertThat(way.id(InputRange.parse(MEAN_AND_STD).orElseThrow()))
        .isEqualTo(before.replace("0-1", "mean-0.485,0.456,0.406-std-0.229,0.224,0.225"));
    for (String range : List.of("0..1", "-1..1", "0..255", MEAN_AND_STD)) {
      assertThat(Preprocessing.ofId(way.id(InputRange.parse(range).orElseThrow()))).contains(way);
    }
  }
}
