// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextContentTest {
  private static final byte[] JPEG = {
    (byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1
  };

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "<head><title>Not found</title>|an HTML page",
        "<!-- made by a proxy --><BODY>|an HTML page",
        "<Error><Code>NoSuchKey</Code>|the error of an object store",
        "<svgs/>|XML",
        "HTTP/1.1 404 Not Found|an HTTP answer",
        "b'\\xff\\xd8\\xff'|Python's bytes",
        "\\xffd8ffe000104a46|hexadecimal digits",
        "89504E470D0A1A0A|hexadecimal digits",
        "RIFF____WAVEfmt |sound",
        "SQLite format 3|database",
        "{'a': 1}|JSON",
        "somewhere/else.jpg|text",
      })
  void whatIsSentInsteadOfAnImageIsNamed(String sent, String named) {
    assertThat(described(sent.getBytes(ISO_8859_1))).contains(named);
  }

  @Test
  void base64IsKnownInEveryForm() {
    String plain = Base64.getEncoder().encodeToString(JPEG);
    String ofAddresses = Base64.getUrlEncoder().encodeToString(JPEG);
    for (String form :
        List.of(plain, ofAddresses, "\"" + plain + "\"", "\n " + plain, "'" + ofAddresses + "'")) {
      assertThat(described(form.getBytes(US_ASCII))).as(form).contains("base64 of a JPEG");
    }
    assertThat(described(HexFormat.of().formatHex(JPEG).getBytes(US_ASCII)))
        .contains("hexadecimal digits");
  }

  @Test
  void bytesThatWentThroughTextAreSaidToBeLost() {
    byte[] replaced = new String(JPEG, UTF_8).getBytes(UTF_8);
    assertThat(described(replaced)).contains("read as text");
    assertThat(described(new byte[4096])).contains("zeros");
  }

  @ParameterizedTest
  @CsvSource({
    "01da0001, SGI image",
    "004d524d, camera raw",
    "59a66a95, Sun raster",
    "69636e73, Apple icon",
  })
  void picturesOfOtherFormatsAreNamed(String begin, String named) {
    byte[] file = new byte[64];
    byte[] magic = HexFormat.of().parseHex(begin);
    System.arraycopy(magic, 0, file, 0, magic.length);
    try (ImageDecoder decoder = new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
        ImageTensor tensor = new ImageTensor(32, 1)) {
      assertThatThrownBy(() -> decoder.decode(file, tensor))
          .isInstanceOfSatisfying(
              UndecodableImageException.class,
              e -> assertThat(e.fault()).isEqualTo(Fault.UNSUPPORTED_FORMAT))
          .hasMessageContaining(named);
    }
  }

  private static String described(byte[] bytes) {
    return TextContent.describe(new EncodedBytes(bytes));
  }
}
