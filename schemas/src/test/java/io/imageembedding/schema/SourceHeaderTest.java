// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceHeaderTest {

  @Test
  void aSourceIsReadBackAsItWasWritten() throws IOException {
    Source timed = new Source("bilder-ä", 3, 1L << 40, Instant.ofEpochMilli(1_700_000_000_123L));
    Source untimed = new Source("images", 0, 0L, null);

    assertThat(SourceHeader.read(SourceHeader.write(timed))).contains(timed);
    assertThat(SourceHeader.read(SourceHeader.write(untimed))).contains(untimed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "text",
        "{}",
        "[1]",
        "{\"source\":1}",
        "{\"source\":{\"topic\":\"t\"}}",
        "{\"source\":{\"topic\":\"t\",\"partition\":\"x\",\"offset\":1}}",
        "{\"source\":{\"topic\":\"t\",\"partition\":9999999999,\"offset\":1}}",
        "{\"source\":{\"topic\":\"t\",\"partition\":1,\"offset\":-1}}",
        "{\"source\":{\"topic\":\"t\",\"partition\":1,\"offset\":",
      })
  void whatIsNoSourceIsNone(String value) {
    assertThat(SourceHeader.read(value.getBytes(UTF_8))).isEmpty();
    assertThat(SourceHeader.read(null)).isEmpty();
  }
}
