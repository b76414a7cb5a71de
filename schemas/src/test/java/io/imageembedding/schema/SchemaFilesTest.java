// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The schemas as files, for readers in other languages. */
class SchemaFilesTest {
  private static final Map<String, Schema> CURRENT =
      Map.of(
          "ImageRecord", ImageRecord.SCHEMA$,
          "EmbeddingRecord", EmbeddingRecord.SCHEMA$,
          "DeadLetter", DeadLetter.SCHEMA$);

  private static List<String> names() {
    return List.copyOf(CURRENT.keySet());
  }

  @ParameterizedTest
  @MethodSource("names")
  void aFileIsASchemaWithoutTheOthers(String name) throws IOException {
    assertThat(new Schema.Parser().parse(current(name)).toString())
        .isEqualTo(withoutHintsForJava(CURRENT.get(name)));
    assertThat(current(name)).as("the same in every encoding").matches("\\p{ASCII}+");
  }

  private static String withoutHintsForJava(Schema schema) {
    return schema
        .toString()
        .replace("{\"type\":\"string\",\"avro.java.string\":\"String\"}", "\"string\"")
        .replace(",\"avro.java.string\":\"String\"", "");
  }

  @ParameterizedTest
  @MethodSource("names")
  void theLastPublishedVersionIsTheCurrentFile(String name) throws IOException {
    String published =
        "schemas/src/main/resources/io/imageembedding/schema/history/"
            + name
            + "-"
            + RecordSchemas.VERSIONS.get(name)
            + ".avsc";

    assertThat(Documents.read(published))
        .as("where only words have changed copy it, else add a version")
        .isEqualTo(current(name));
  }

  @Test
  void aSourceIsTheSameInEveryRecord() throws IOException {
    assertThat(source("DeadLetter").toString()).isEqualTo(source("EmbeddingRecord").toString());
  }

  private static Schema source(String name) throws IOException {
    return new Schema.Parser().parse(current(name)).getField("source").schema();
  }

  @Test
  void theDocumentHasTheFingerprintOfEveryVersion() throws IOException {
    String document = Documents.read("schemas/README.md");
    StringBuilder table = new StringBuilder();
    for (String name : List.of("ImageRecord", "EmbeddingRecord", "DeadLetter")) {
      for (int version = 1; version <= RecordSchemas.VERSIONS.get(name); version++) {
        long fingerprint = RecordSchemas.fingerprint(RecordSchemas.published(name, version));
        table.append(
            "| [`%1$s`](src/main/resources/io/imageembedding/schema/history/%1$s-%2$d.avsc) | %2$d | `%3$016x` | `c3 01 %4$s` |\n"
                .formatted(name, version, fingerprint, bytes(fingerprint)));
      }
    }

    assertThat(document).contains(table);
  }

  private static String bytes(long fingerprint) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return HexFormat.ofDelimiter(" ").formatHex(bytes.putLong(fingerprint).array());
  }

  @Test
  void everyStageAndCodeIsToldOf() {
    for (Stage stage : Stage.values()) {
      assertThat(Stage.SCHEMA$.getDoc()).contains(stage + ": ");
    }
    for (Code code : Code.values()) {
      assertThat(Code.SCHEMA$.getDoc()).containsPattern("\\b" + code + "\\b");
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyFieldIsToldOf(String name) {
    assertToldOf(CURRENT.get(name));
  }

  private static void assertToldOf(Schema schema) {
    switch (schema.getType()) {
      case RECORD -> {
        assertThat(schema.getDoc()).as(schema.getName()).endsWith(".");
        for (Schema.Field field : schema.getFields()) {
          assertThat(field.doc()).as(field.name()).endsWith(".");
          assertToldOf(field.schema());
        }
      }
      case ARRAY -> assertToldOf(schema.getElementType());
      case UNION -> schema.getTypes().forEach(SchemaFilesTest::assertToldOf);
      case ENUM -> assertThat(schema.getDoc()).endsWith(".");
      default -> {}
    }
  }

  private static String current(String name) throws IOException {
    return Documents.read("schemas/src/main/avro/io/imageembedding/schema/" + name + ".avsc");
  }
}
