// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {
  @ParameterizedTest
  @CsvSource({
    "1b, \\u001b",
    "7f, \\u007f",
    "9b, \\u009b",
    "a, \\u000a",
    "d, \\u000d",
    "0, \\u0000",
    "85, \\u0085",
    "2028, \\u2028",
    "202e, \\u202e",
    "2066, \\u2066",
    "200f, \\u200f",
    "200b, \\u200b",
    "feff, \\ufeff",
    "d800, \\ud800",
    "e0041, \\udb40\\udc41",
    "ad, \\u00ad",
  })
  void whatATerminalObeysOrNobodySeesIsPrintedAsItsNumber(String code, String printed) {
    String text = new StringBuilder("a").appendCodePoint(Integer.parseInt(code, 16)) + "b";

    assertThat(Printable.line(text)).isEqualTo("a" + printed + "b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "photo one.jpg", "Größe 名 😀", "می\u200cخواهم", "👩\u200d💻", "\\u001b"})
  void whatCanBeReadStaysAsItIs(String text) {
    assertThat(Printable.line(text)).isSameAs(text);
  }

  @Test
  void nothingIsTheWordNull() {
    assertThat(Printable.line(null)).isEqualTo("null");
  }
}
