// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadLetterReaderTest {
  private static final String SOURCE = "\"source\":{\"topic\":\"t\",\"partition\":1,\"offset\":2}";
  private static final String ERROR =
      "\"error\":{\"stage\":\"image\",\"code\":\"CORRUPT\",\"message\":\"m\"}";

  private static DeadLetter letter(String message, byte[] value) {
    return new DeadLetter(
        "id",
        Stage.image,
        Code.CORRUPT,
        message,
        new Source("t", 1, 2L, value == null ? null : Instant.ofEpochMilli(3)),
        value == null ? null : ByteBuffer.wrap(new byte[] {0, -1}),
        value == null ? null : ByteBuffer.wrap(value),
        List.of(new Header("a", null), new Header("a", ByteBuffer.wrap(new byte[0]))),
        Instant.ofEpochMilli(4));
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void whatWasWrittenIsReadAsItWas(WireFormat format) throws Exception {
    DeadLetterReader reader = new DeadLetterReader(format, null);
    for (DeadLetter letter : List.of(letter("m", new byte[] {1, 2}), letter("m", null))) {
      byte[] value = RecordWriter.deadLetters(format, null, "t").write(letter);
      assertThat(reader.read(value)).isEqualTo(letter);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "7",
        "null",
        "{}",
        "{" + ERROR + "," + SOURCE + ",\"headers\":[]}",
        "{" + ERROR + "," + SOURCE + ",\"headers\":[],\"failedAt\":\"now\"}",
        "{" + ERROR + "," + SOURCE + ",\"headers\":[7],\"failedAt\":1}",
        "{" + ERROR + "," + SOURCE + ",\"headers\":[],\"failedAt\":1,\"value\":7}",
        "{" + ERROR + "," + SOURCE + ",\"headers\":[],\"failedAt\":1,\"value\":\"*\"}",
        "{"
            + ERROR
            + ",\"source\":{\"topic\":\"t\",\"partition\":99999999999,\"offset\":2}"
            + ",\"headers\":[],\"failedAt\":1}",
      })
  void whatIsNoDeadLetterIsRefused(String value) throws IOException {
    for (WireFormat format : List.of(WireFormat.JSON, WireFormat.AVRO)) {
      DeadLetterReader reader = new DeadLetterReader(format, null);
      assertThatExceptionOfType(UnreadableRecordException.class)
          .isThrownBy(() -> reader.read(value.getBytes(UTF_8)));
      assertThatExceptionOfType(UnreadableRecordException.class)
          .isThrownBy(() -> reader.read(null));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"the original value", "the original value, headers, key and id"})
  void aValueThatWasLeftOutIsToldFromOneThatNeverWas(String parts) {
    assertThat(OmittedOriginal.notedIn(letter("why", null))).isEmpty();
    assertThat(OmittedOriginal.notedIn(letter("why" + OmittedOriginal.note(parts, 10, 5), null)))
        .contains("value");
    String headers = OmittedOriginal.note("the original headers", 10, 5);
    assertThat(OmittedOriginal.notedIn(letter("why" + headers, new byte[1]))).contains("headers");
    assertThat(OmittedOriginal.notedIn(letter(headers + " and more", new byte[1]))).isEmpty();
  }
}
