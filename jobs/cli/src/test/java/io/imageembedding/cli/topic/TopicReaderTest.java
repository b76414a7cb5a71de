// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.topic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Result;
import io.imageembedding.cli.output.Result.Failure;
import io.imageembedding.cli.topic.TopicReader.Letter;
import io.imageembedding.cli.topic.TopicReader.Message;
import io.imageembedding.cli.topic.TopicReader.Tombstone;
import io.imageembedding.cli.topic.TopicReader.Unreadable;
import io.imageembedding.cli.topic.TopicReader.Vector;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Source;
import io.imageembedding.schema.SourceHeader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TopicReaderTest {

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void scoresAreReadBackAsTheyWereWritten(WireFormat format) throws IOException {
    Result answer =
        written(
            format, List.of(new ClassScore("tabby", 0.7f), new ClassScore("Schäferhund", 0.1f)));

    assertThat(answer.id()).isEqualTo("a.jpg");
    assertThat(answer.embedding().vector()).containsExactly(1, -2);
    assertThat(answer.embedding().scores())
        .containsExactly(new ClassScore("tabby", 0.7f), new ClassScore("Schäferhund", 0.1f));
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void aRecordOfAModelThatIsNoClassifierIsReadBackWithoutScores(WireFormat format)
      throws IOException {
    assertThat(written(format, List.of()).embedding().scores()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void everyFieldOfAnEmbeddingIsReadBack(WireFormat format) throws IOException {
    EmbeddingFields fields = fields(List.of(new ClassScore("tabby", 0.7f)));

    Message message = read(format, bytes(format, fields));

    assertThat(message.place()).isEqualTo("embeddings-2-7");
    assertThat(message.content()).isEqualTo(new Vector(fields));
    assertThat(message.answer().json())
        .isEqualTo(
            "{\"id\":\"a.jpg\",\"vector\":[1.0,-2.0],\"dimension\":2,"
                + "\"scores\":[{\"label\":\"tabby\",\"score\":0.7}],"
                + "\"model\":{\"name\":\"m\",\"sha256\":\"ab\",\"precision\":\"fp32\","
                + "\"preprocessing\":\"way\"},\"vectorSpace\":\"cd\","
                + "\"image\":{\"format\":\"jpeg\",\"width\":640,\"height\":427},"
                + "\"source\":{\"topic\":\"images\",\"partition\":0,\"offset\":1,\"timestamp\":77},"
                + "\"capturedAt\":55,\"attributes\":{\"camera\":\"häfen\"},\"timestamp\":999}");
    assertThat(message.answer().row())
        .isEqualTo("a.jpg  jpeg 640x427  images-0-1  1970-01-01T00:00:00.999Z");
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void aDeadLetterIsReadBack(WireFormat format) throws IOException {
    DeadLetter letter =
        new DeadLetter(
            "a.jpg",
            Stage.store,
            Code.ZERO_NORM,
            "no direction",
            new Source("images", 0, 1L, null),
            null,
            null,
            List.of(),
            Instant.ofEpochMilli(5));
    byte[] value = RecordWriter.deadLetters(format, null, "dead").write(letter);

    Message message = read(format, value);
    assertThat(message.content())
        .isEqualTo(
            new Letter(
                "a.jpg",
                new Failure("store", "ZERO_NORM", "no direction"),
                new SourcePosition("images", 0, 1, SourcePosition.NO_TIMESTAMP),
                Instant.ofEpochMilli(5)));
    assertThat(message.answer().json())
        .isEqualTo(
            "{\"id\":\"a.jpg\",\"error\":{\"stage\":\"store\",\"code\":\"ZERO_NORM\",\"message\":\"no"
                + " direction\"},\"source\":{\"topic\":\"images\",\"partition\":0,\"offset\":1},"
                + "\"failedAt\":5,\"timestamp\":999}");
    assertThat(message.answer().row())
        .isEqualTo("a.jpg  store ZERO_NORM: no direction  images-0-1  1970-01-01T00:00:00.005Z");
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void aTombstoneSaysWhatItDeletesAndWhen(WireFormat format) throws IOException {
    SourcePosition source = new SourcePosition("images", 3, 42, 1234);
    RecordHeaders headers = new RecordHeaders();
    headers.add(SourceHeader.KEY, SourceHeader.write(source));

    Message said = read(format, "ä.jpg".getBytes(UTF_8), null, headers);
    assertThat(said.content()).isEqualTo(new Tombstone("ä.jpg", source));
    assertThat(said.answer().json())
        .isEqualTo(
            "{\"id\":\"ä.jpg\",\"deleted\":true,\"source\":{\"topic\":\"images\",\"partition\":3,"
                + "\"offset\":42,\"timestamp\":1234},\"timestamp\":999}");
    assertThat(said.answer().summary()).isEqualTo("deleted");

    assertThat(read(format, "b".getBytes(UTF_8), null, new RecordHeaders()).content())
        .isEqualTo(new Tombstone("b", new SourcePosition("embeddings", 2, 7, 999)));
    assertThat(read(format, null, null, new RecordHeaders()).content())
        .isEqualTo(new Tombstone(null, new SourcePosition("embeddings", 2, 7, 999)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "AVRO | text",
        "JSON | text",
        "JSON | {}",
        "JSON | []",
        "JSON | {\"id\":\"a\",\"vector\":[1,\"x\"]}",
        "JSON | {\"error\":{}}",
      })
  void whatIsNeitherIsNamedByItsPlace(WireFormat format, String text) throws IOException {
    Message message = read(format, text.getBytes(UTF_8));

    assertThat(message.content()).isInstanceOf(Unreadable.class);
    assertThatThrownBy(message::answer)
        .isInstanceOf(CommandFailure.class)
        .hasMessageStartingWith(
            "message embeddings-2-7 is no embedding and no dead letter in " + format.key() + ": ");
  }

  private static Result written(WireFormat format, List<ClassScore> scores) throws IOException {
    return read(format, bytes(format, fields(scores))).answer();
  }

  private static EmbeddingFields fields(List<ClassScore> scores) {
    return new EmbeddingFields(
        "a.jpg",
        new Embedding(
            new float[] {1, -2},
            new ImageInfo("jpeg", 640, 427),
            new Provenance("m", "ab", "fp32", "way", "cd"),
            scores),
        new SourcePosition("images", 0, 1, 77),
        Instant.ofEpochMilli(55),
        Map.of("camera", "häfen"));
  }

  private static byte[] bytes(WireFormat format, EmbeddingFields fields) throws IOException {
    return RecordWriter.embeddings(format, null, "embeddings").write(fields);
  }

  private static Message read(WireFormat format, byte[] value) throws IOException {
    return read(format, null, value, new RecordHeaders());
  }

  private static Message read(WireFormat format, byte[] key, byte[] value, RecordHeaders headers)
      throws IOException {
    return new TopicReader(format, null)
        .message(
            new ConsumerRecord<>(
                "embeddings",
                2,
                7,
                999,
                TimestampType.CREATE_TIME,
                0,
                0,
                key,
                value,
                headers,
                Optional.empty()));
  }
}
