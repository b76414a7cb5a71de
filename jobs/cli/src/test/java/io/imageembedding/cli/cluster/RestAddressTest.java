// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RestAddressTest {

  @ParameterizedTest
  @CsvSource({
    "flink, http://flink:8081, flink:8081",
    "flink:80, http://flink:80, flink:80",
    "[::1]:8081, http://[::1]:8081, [::1]:8081",
    "http://flink, http://flink:80, flink:80",
    "https://flink/, https://flink:443, flink:443",
    "HTTPS://flink:8443/jobs/a/, https://flink:8443/jobs/a, flink:8443"
  })
  void isReadAsPeopleWriteIt(String given, String base, String shown) {
    assertThat(RestAddress.of(given).base()).hasToString(base);
    assertThat(RestAddress.of(given).shown()).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":8081",
        "a b",
        "flink:0",
        "flink:65536",
        "flink:x",
        "ftp://flink",
        "flink:1?a=b",
        "flink:1#a",
        "http://",
        "file:///etc/passwd"
      })
  void whatIsNoneIsRefusedWithWhatIs(String given) {
    assertThatThrownBy(() -> RestAddress.of(given))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + given + "' is not allowed; allowed: HOST:PORT");
  }

  @Test
  void aPasswordIsNotRepeated() {
    assertThatThrownBy(() -> RestAddress.of("https://me:secret@flink:1"))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .startsWith("a name and password is not allowed")
        .doesNotContain("secret");
  }
}
