// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceHeaderTest {

  @Test
  void aSourceIsReadBackAsItWasWritten() throws IOException {
    SourcePosition timed = new SourcePosition("bilder-ä", 3, 1L << 40, 1_700_000_000_123L);
    SourcePosition untimed = new SourcePosition("images", 0, 0L, SourcePosition.NO_TIMESTAMP);

    assertThat(SourceHeader.read(SourceHeader.write(timed))).contains(timed);
    assertThat(SourceHeader.read(SourceHeader.write(untimed))).contains(untimed);
  }

  /** As it lies on topics that were written before. */
  @Test
  void theHeaderStaysAsItIs() throws IOException {
    assertThat(new String(SourceHeader.write(new SourcePosition("images", 3, 42, 1234)), UTF_8))
        .isEqualTo(
            "{\"source\":{\"topic\":\"images\",\"partition\":3,\"offset\":42,"
                + "\"timestamp\":1234}}");
  }

  @Test
  void aTimestampThatIsNullIsNone() {
    String header =
        "{\"source\":{\"topic\":\"t\",\"partition\":1,\"offset\":2,\"timestamp\":null}}";

    assertThat(SourceHeader.read(header.getBytes(UTF_8)))
        .contains(new SourcePosition("t", 1, 2, SourcePosition.NO_TIMESTAMP));
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
