// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embedding.FetchedObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EmbeddingReaderTest {

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void whatIsWrittenIsReadBack(WireFormat format) throws Exception {
    for (EmbeddingFields fields :
        List.of(Samples.embedding(), Samples.embedding(List.of()), Samples.untimed())) {
      byte[] value = RecordWriter.embeddings(format, null, "t").write(fields);

      assertThat(new EmbeddingReader(format, null).read(value)).isEqualTo(fields);
    }
  }

  /** As it lies on topics that were written before. */
  @Test
  void theJsonFormStaysAsItIs() throws Exception {
    String json =
        "{\"id\":\"a/photo.jpg\",\"vector\":[0.0,1.5,-3.25E-7,3.4028235E38],\"dimension\":4,"
            + "\"scores\":[{\"label\":\"tabby\",\"score\":0.75},"
            + "{\"label\":\"Schäferhund\",\"score\":0.125}],"
            + "\"model\":{\"name\":\"mobilenet\",\"sha256\":\""
            + "ab".repeat(32)
            + "\",\"precision\":\"fp32\",\"preprocessing\":\"way\"},\"vectorSpace\":\""
            + "cd".repeat(32)
            + "\",\"image\":{\"format\":\"jpeg\",\"width\":640,\"height\":427},"
            + "\"source\":{\"topic\":\"images\",\"partition\":3,\"offset\":1234567890123,"
            + "\"timestamp\":1700000000123},\"capturedAt\":1600000000000,"
            + "\"attributes\":{\"camera\":\"häfen\",\"place\":\"\"}}";

    EmbeddingFields inRecord = Samples.embedding((FetchedObject) null);
    assertThat(new EmbeddingReader(WireFormat.JSON, null).read(json.getBytes(UTF_8)))
        .as("written before there were fetched images")
        .isEqualTo(inRecord);
    assertJson(json.replaceFirst("}$", ",\"fetched\":null}"), inRecord);
    assertJson(
        json.replaceFirst(
            "}$",
            ",\"fetched\":{\"uri\":\"https://images.example.com/h%C3%A4fen.jpg\","
                + "\"length\":5000000000,\"sha256\":\""
                + "ef".repeat(32)
                + "\",\"etag\":\"\\\\\"0123\\\\\"\",\"modified\":1500000000000}}"),
        Samples.embedding());
  }

  private static void assertJson(String json, EmbeddingFields fields) throws Exception {
    assertThat(RecordWriter.embeddings(WireFormat.JSON, null, "t").write(fields))
        .asString(UTF_8)
        .isEqualTo(json);
    assertThat(new EmbeddingReader(WireFormat.JSON, null).read(json.getBytes(UTF_8)))
        .isEqualTo(fields);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "text | it is no JSON",
        "`` | there is no 'model'",
        "[] | there is no 'model'",
        "7 | there is no 'model'",
        "{\"model\":7,\"image\":7} | there is no 'id'",
        "{\"id\":\"a\",\"model\":{},\"image\":{},\"vector\":[1,\"x\"]} | feature 1 is no number",
        "{\"id\":\"a\",\"model\":{},\"image\":{},\"vector\":{\"x\":1}} | feature 0 is no number",
        "{\"id\":\"a\",\"model\":{},\"image\":{},\"vector\":[1]} | there is no 'format'",
      })
  void whatIsNoneIsSaidByWhatItLacks(String json, String reason) {
    assertThatExceptionOfType(UnreadableRecordException.class)
        .isThrownBy(() -> new EmbeddingReader(WireFormat.JSON, null).read(json.getBytes(UTF_8)))
        .withMessageEndingWith(": " + reason)
        .satisfies(e -> assertThat(e.code()).isEqualTo(Code.WRONG_WIRE_FORMAT));
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void nothingIsNoEmbedding(WireFormat format) {
    assertThatExceptionOfType(UnreadableRecordException.class)
        .isThrownBy(() -> new EmbeddingReader(format, null).read(null))
        .satisfies(e -> assertThat(e.code()).isEqualTo(Code.NULL_VALUE));
  }

  @Test
  void aFormatThatNoEmbeddingIsWrittenInIsRefused() {
    assertThatThrownBy(() -> new EmbeddingReader(WireFormat.RAW, null)).hasMessageContaining("raw");
  }
}
