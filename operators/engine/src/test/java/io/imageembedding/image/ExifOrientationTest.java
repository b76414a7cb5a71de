// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExifOrientationTest {
  private static final String PREFIX = "457869660000";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4d4d002a00000008000101120003000000010006000000000000",
        "4d4d002a00000008000101120004000000010000000600000000",
        "49492a00080000000100120101000100000006000000000000",
      })
  void isReadInEveryTypeAndOrderWithAndWithoutAPrefix(String exif) {
    for (String data : new String[] {exif, PREFIX + exif}) {
      assertThat(ExifOrientation.of(new EncodedBytes(HexFormat.of().parseHex(data))))
          .as(data)
          .isEqualTo(6);
    }
  }
}
