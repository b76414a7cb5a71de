// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON Schemas say what is written as JSON, and how it differs from the Avro records. */
class JsonSchemaTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A field of an Avro record, with those it is in, and where it stands as JSON instead. */
  private static final Map<String, String> ELSEWHERE =
      Map.of(
          "EmbeddingRecord.embedding", "vector",
          "DeadLetter.stage", "error.stage",
          "DeadLetter.code", "error.code",
          "DeadLetter.message", "error.message");

  /** What no Avro record has. */
  private static final Set<String> ADDED = Set.of("EmbeddingRecord.dimension", "DeadLetter.error");

  private record Message(String schema, byte[] json) {}

  private static Stream<Message> written() throws IOException {
    EmbeddingFields sample = Samples.embedding();
    EmbeddingFields extreme =
        new EmbeddingFields(
            "\u0001ü\"",
            new Embedding(
                new float[] {Float.MIN_VALUE, -Float.MAX_VALUE, -0f},
                new ImageInfo("webp", 1, Integer.MAX_VALUE),
                sample.embedding().provenance(),
                List.of(new ClassScore("", 0), new ClassScore("ü", 1))),
            new SourcePosition("t", Integer.MAX_VALUE, Long.MAX_VALUE, 0),
            Instant.ofEpochMilli(Long.MIN_VALUE),
            Map.of("", "\u0000"));
    RecordWriter<EmbeddingFields> embeddings =
        RecordWriter.embeddings(WireFormat.JSON, null, "embeddings");
    RecordWriter<DeadLetter> letters =
        RecordWriter.deadLetters(WireFormat.JSON, null, "dead-letters");
    DeadLetter bare =
        new DeadLetter(
            null,
            Stage.wire,
            Code.NULL_VALUE,
            "",
            new Source("t", 0, 0L, null),
            null,
            null,
            List.of(),
            Instant.EPOCH);
    return Stream.of(
        new Message("EmbeddingRecord", embeddings.write(sample)),
        new Message("EmbeddingRecord", embeddings.write(Samples.embedding(List.of()))),
        new Message("EmbeddingRecord", embeddings.write(Samples.untimed())),
        new Message("EmbeddingRecord", embeddings.write(extreme)),
        new Message("DeadLetter", letters.write(Samples.deadLetter())),
        new Message("DeadLetter", letters.write(bare)));
  }

  @ParameterizedTest
  @MethodSource("written")
  void whatIsWrittenIsValid(Message message) throws IOException {
    assertThat(faults(message.schema(), JSON.readTree(message.json()))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("written")
  void everyFieldThatIsDescribedIsWrittenAndNoOther(Message message) throws IOException {
    JsonNode written = JSON.readTree(message.json());
    JsonNode described = schema(message.schema());

    assertThat(names(written)).isEqualTo(names(described.get("properties")));
    for (String part : List.of("model", "image", "source", "fetched", "error")) {
      if (!written.path(part).isNull()) {
        assertThat(names(written.path(part)))
            .isEqualTo(names(described.at("/properties/" + part + "/properties")));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"EmbeddingRecord", "DeadLetter"})
  void everyFieldOfTheAvroRecordIsThereOrSaidToBeElsewhere(String name) throws IOException {
    Schema avro =
        RecordSchemas.published(name, RecordSchemas.VERSIONS.get(name)); // The current one.
    JsonNode properties = schema(name).get("properties");
    Set<String> expected = new TreeSet<>();
    ADDED.stream()
        .filter(field -> field.startsWith(name + "."))
        .forEach(field -> expected.add(field.substring(name.length() + 1)));
    for (Schema.Field field : avro.getFields()) {
      String there = ELSEWHERE.getOrDefault(name + "." + field.name(), field.name());
      assertThat(properties.at("/" + there.replace(".", "/properties/")).get("description"))
          .as(there)
          .isNotNull();
      expected.add(there.split("\\.")[0]);
      Stream.concat(Stream.of(field.schema()), unionOf(field.schema()))
          .filter(type -> type.getType() == Schema.Type.RECORD)
          .forEach(
              type ->
                  assertThat(names(properties.at("/" + there + "/properties")))
                      .isEqualTo(names(type)));
    }
    assertThat(names(properties)).isEqualTo(expected);
  }

  private static Stream<Schema> unionOf(Schema schema) {
    return schema.isUnion() ? schema.getTypes().stream() : Stream.empty();
  }

  @Test
  void theDocumentNamesWhatStandsElsewhere() throws IOException {
    String document = Documents.read("schemas/README.md");
    ELSEWHERE.forEach(
        (avro, json) ->
            assertThat(document)
                .containsPattern(
                    "(?m)^\\| `"
                        + avro.substring(0, avro.indexOf('.'))
                        + "` \\| `"
                        + avro.substring(avro.indexOf('.') + 1)
                        + "` \\| `"
                        + json
                        + "` \\|$"));
    ADDED.forEach(
        added -> assertThat(document).contains("`" + added.substring(added.indexOf('.') + 1)));
  }

  @Test
  void stagesAndCodesAreThoseOfTheAvroRecord() throws IOException {
    JsonNode error = schema("DeadLetter").at("/properties/error/properties");

    assertThat(texts(error.at("/stage/anyOf/0/enum")))
        .containsExactlyElementsOf(Arrays.stream(Stage.values()).map(Stage::name).toList());
    assertThat(texts(error.at("/code/anyOf/0/enum")))
        .containsExactlyElementsOf(Arrays.stream(Code.values()).map(Code::name).toList());
  }

  /** As it lies on topics that were written when what is null was left out. */
  @Test
  void whatEarlierVersionsWroteIsValidAndRead() throws Exception {
    String embedding =
        "{\"id\":\"a/photo.jpg\",\"vector\":[0.0,1.5,-3.25E-7,3.4028235E38],\"dimension\":4,"
            + "\"model\":{\"name\":\"mobilenet\",\"sha256\":\""
            + "ab".repeat(32)
            + "\",\"precision\":\"fp32\",\"preprocessing\":\"way\"},\"vectorSpace\":\""
            + "cd".repeat(32)
            + "\",\"image\":{\"format\":\"jpeg\",\"width\":640,\"height\":427},"
            + "\"source\":{\"topic\":\"images\",\"partition\":0,\"offset\":0},\"attributes\":{}}";
    String letter =
        "{\"id\":null,\"error\":{\"stage\":\"image\",\"code\":\"DECODER_BUSY\","
            + "\"message\":\"the jpeg ends before its image does\"},"
            + "\"source\":{\"topic\":\"images\",\"partition\":3,\"offset\":1234567890123},"
            + "\"key\":\"a2V5\",\"value\":\"dmFsdWU=\","
            + "\"headers\":[{\"key\":\"trace\",\"value\":\"MQ==\"},"
            + "{\"key\":\"empty\",\"value\":null}],\"failedAt\":1700000000456}";
    EmbeddingFields untimed = Samples.untimed();
    DeadLetter expected = Samples.deadLetter(Stage.image, Code.DECODER_BUSY);
    expected.setId(null);
    expected.getSource().setTimestamp(null);

    assertThat(faults("EmbeddingRecord", JSON.readTree(embedding))).isEmpty();
    assertThat(new EmbeddingReader(WireFormat.JSON, null).read(embedding.getBytes(UTF_8)))
        .isEqualTo(
            new EmbeddingFields(
                untimed.id(),
                Samples.embedding(List.of()).embedding(),
                untimed.source(),
                null,
                Map.of()));
    assertThat(faults("DeadLetter", JSON.readTree(letter))).isEmpty();
    assertThat(new DeadLetterReader(WireFormat.JSON, null).read(letter.getBytes(UTF_8)))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "EmbeddingRecord, /id, 7",
    "EmbeddingRecord, /vector, '[\"x\"]'",
    "EmbeddingRecord, /vector, null",
    "EmbeddingRecord, /vector, '[]'",
    "EmbeddingRecord, /model/sha256, '\"ab\"'",
    "EmbeddingRecord, /scores/0/score, 2",
    "EmbeddingRecord, /source/offset, '\"7\"'",
    "EmbeddingRecord, /capturedAt, '\"now\"'",
    "EmbeddingRecord, /attributes/camera, 7",
    "DeadLetter, /error, null",
    "DeadLetter, /error/code, 7",
    "DeadLetter, /headers/0/value, 7",
    "DeadLetter, /failedAt, null",
  })
  void whatIsNoneIsInvalid(String name, String place, String value) throws IOException {
    JsonNode message =
        JSON.readTree(
            name.equals("DeadLetter")
                ? RecordWriter.deadLetters(WireFormat.JSON, null, "t").write(Samples.deadLetter())
                : RecordWriter.embeddings(WireFormat.JSON, null, "t").write(Samples.embedding()));
    int field = place.lastIndexOf('/');
    ((ObjectNode) message.at(place.substring(0, field)))
        .set(place.substring(field + 1), JSON.readTree(value));

    assertThat(faults(name, message))
        .extracting(ValidationMessage::getMessage)
        .anySatisfy(fault -> assertThat(fault).contains(place.split("/")[1]));
  }

  @Test
  void aCodeOfALaterVersionIsValid() throws IOException {
    ObjectNode letter =
        (ObjectNode)
            JSON.readTree(
                RecordWriter.deadLetters(WireFormat.JSON, null, "t").write(Samples.deadLetter()));
    ((ObjectNode) letter.get("error")).put("code", "NEWER");
    letter.put("newer", 1);

    assertThat(faults("DeadLetter", letter)).isEmpty();
  }

  private static Set<ValidationMessage> faults(String name, JsonNode message) throws IOException {
    JsonSchema schema = JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(schema(name));
    return schema.validate(message);
  }

  private static JsonNode schema(String name) throws IOException {
    try (InputStream in = JsonSchemaTest.class.getResourceAsStream(name + ".schema.json")) {
      return JSON.readTree(in);
    }
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static Set<String> names(Schema record) {
    Set<String> names = new TreeSet<>();
    record.getFields().forEach(field -> names.add(field.name()));
    return names;
  }

  private static List<String> texts(JsonNode array) {
    return JSON.convertValue(
        array, JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }
}
