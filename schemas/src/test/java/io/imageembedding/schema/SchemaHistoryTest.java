// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.FetchedObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;

class SchemaHistoryTest {
  private static final Map<String, Schema> CURRENT =
      Map.of(
          "ImageRecord", ImageRecord.SCHEMA$,
          "EmbeddingRecord", EmbeddingRecord.SCHEMA$,
          "DeadLetter", DeadLetter.SCHEMA$);

  @Test
  void theCurrentSchemaIsTheLastPublishedOne() {
    CURRENT.forEach(
        (name, schema) ->
            assertThat(
                    RecordSchemas.fingerprint(
                        RecordSchemas.published(name, RecordSchemas.VERSIONS.get(name))))
                .as("a changed schema is a new version in the history: " + name)
                .isEqualTo(RecordSchemas.fingerprint(schema)));
  }

  @Test
  void everyVersionCanReadEveryOther() {
    CURRENT.forEach(
        (name, schema) -> {
          for (int version = 1; version <= RecordSchemas.VERSIONS.get(name); version++) {
            Schema published = RecordSchemas.published(name, version);
            assertThat(compatibility(schema, published)).isEqualTo(COMPATIBLE);
            assertThat(compatibility(published, schema)).isEqualTo(COMPATIBLE);
          }
        });
  }

  private static final SchemaCompatibilityType COMPATIBLE = SchemaCompatibilityType.COMPATIBLE;

  private static SchemaCompatibilityType compatibility(Schema reader, Schema writer) {
    return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType();
  }

  @Test
  void bytesThatVersionOneWroteAreStillRead() throws Exception {
    assertThat(
            new ImageRecordReader(WireFormat.AVRO, null)
                .fields(null, oldBytes("ImageRecord-1"), Samples.ANYWHERE)
                .id())
        .isEqualTo("a/photo.jpg");
    assertThat(
            new ImageRecordReader(WireFormat.AVRO, null)
                .read(null, oldBytes("ImageRecord-1"), Samples.ANYWHERE)
                .image())
        .isEqualTo(Samples.array(Samples.buffer("not really a JPEG")));
    assertThat(RecordReader.embeddings(WireFormat.AVRO, null).read(oldBytes("EmbeddingRecord-1")))
        .isEqualTo(Samples.generated(Samples.embedding(List.of())));
    assertThat(RecordReader.deadLetters(WireFormat.AVRO, null).read(oldBytes("DeadLetter-1")))
        .isEqualTo(Samples.deadLetter(Stage.image, Code.TRUNCATED));
  }

  @Test
  void bytesThatVersionTwoWroteAreReadWithTheirScores() throws Exception {
    assertThat(RecordReader.embeddings(WireFormat.AVRO, null).read(oldBytes("EmbeddingRecord-2")))
        .isEqualTo(Samples.generated(Samples.embedding((FetchedObject) null)));
  }

  @Test
  void bytesThatVersionThreeWroteAreReadWithWhatWasFetched() throws Exception {
    assertThat(RecordReader.embeddings(WireFormat.AVRO, null).read(oldBytes("EmbeddingRecord-3")))
        .isEqualTo(Samples.generated(Samples.embedding()));
  }

  @Test
  void bytesThatVersionTwoWroteAreReadWithTheReasonsOfAStore() throws Exception {
    assertThat(RecordReader.deadLetters(WireFormat.AVRO, null).read(oldBytes("DeadLetter-2")))
        .isEqualTo(Samples.deadLetter(Stage.store, Code.OTHER_SPACE));
  }

  @Test
  void bytesThatVersionThreeWroteAreReadWithTheImageThatCrashed() throws Exception {
    assertThat(RecordReader.deadLetters(WireFormat.AVRO, null).read(oldBytes("DeadLetter-3")))
        .isEqualTo(Samples.deadLetter(Stage.image, Code.CRASHED));
  }

  @Test
  void bytesThatVersionFourWroteAreReadWithTheImageThatFoundNoDecoder() throws Exception {
    assertThat(RecordReader.deadLetters(WireFormat.AVRO, null).read(oldBytes("DeadLetter-4")))
        .isEqualTo(Samples.deadLetter(Stage.image, Code.DECODER_BUSY));
  }

  @Test
  void bytesThatVersionFiveWroteAreReadWithTheStageOfFetching() throws Exception {
    assertThat(RecordReader.deadLetters(WireFormat.AVRO, null).read(oldBytes("DeadLetter-5")))
        .isEqualTo(Samples.deadLetter());
  }

  @Test
  void aReaderOfVersionOneTakesTheReasonsOfAStoreAsOther() throws Exception {
    var decoder =
        new BinaryMessageDecoder<GenericRecord>(
            new GenericData(), RecordSchemas.published("DeadLetter", 1));
    decoder.addSchema(RecordSchemas.published("DeadLetter", 2));

    GenericRecord read = decoder.decode(oldBytes("DeadLetter-2"));

    assertThat(read.get("stage")).hasToString("store");
    assertThat(read.get("code")).hasToString("OTHER");
  }

  private static byte[] oldBytes(String name) throws IOException {
    try (var in = SchemaHistoryTest.class.getResourceAsStream(name + ".hex")) {
      return HexFormat.of()
          .parseHex(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
  }

  /** Writes the bytes of the current versions, which later ones must read; run for each new one. */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Map<String, byte[]> records =
        Map.of(
            "ImageRecord", Samples.array(ImageRecord.getEncoder().encode(Samples.image())),
            "EmbeddingRecord",
                RecordWriter.embeddings(WireFormat.AVRO, null, "t").write(Samples.embedding()),
            "DeadLetter",
                RecordWriter.deadLetters(WireFormat.AVRO, null, "t").write(Samples.deadLetter()));
    for (Map.Entry<String, byte[]> record : records.entrySet()) {
      Files.writeString(
          folder.resolve(
              record.getKey() + "-" + RecordSchemas.VERSIONS.get(record.getKey()) + ".hex"),
          HexFormat.of().formatHex(record.getValue()) + "\n");
    }
  }

  @Test
  void anOldReaderTakesNewSymbolsAsOther() throws IOException {
    Schema extended = extended(DeadLetter.SCHEMA$);
    GenericRecord letter = new GenericData.Record(extended);
    for (Schema.Field field : extended.getFields()) {
      if (field.schema().getType() == Schema.Type.ENUM) {
        letter.put(field.name(), new GenericData.EnumSymbol(field.schema(), "NEWER"));
      }
    }
    GenericRecord source = new GenericData.Record(extended.getField("source").schema());
    source.put("topic", "t");
    source.put("partition", 0);
    source.put("offset", 0L);
    letter.put("source", source);
    letter.put("message", "m");
    letter.put("headers", List.of());
    letter.put("failedAt", 0L);
    byte[] bytes =
        Samples.array(
            new BinaryMessageEncoder<GenericRecord>(new GenericData(), extended).encode(letter));

    var decoder =
        new BinaryMessageDecoder<GenericRecord>(
            new GenericData(), RecordSchemas.published("DeadLetter", 1));
    decoder.addSchema(extended);
    GenericRecord read = decoder.decode(bytes);

    assertThat(read.get("stage")).hasToString("other");
    assertThat(read.get("code")).hasToString("OTHER");
  }

  /** The schema with a symbol more in each enumeration. */
  private static Schema extended(Schema schema) {
    List<Schema.Field> fields = new ArrayList<>();
    for (Schema.Field field : schema.getFields()) {
      Schema type = field.schema();
      if (type.getType() == Schema.Type.ENUM) {
        List<String> symbols = new ArrayList<>(type.getEnumSymbols());
        symbols.add("NEWER");
        type =
            Schema.createEnum(
                type.getName(), null, type.getNamespace(), symbols, type.getEnumDefault());
      }
      fields.add(new Schema.Field(field, type));
    }
    return Schema.createRecord(schema.getName(), null, schema.getNamespace(), false, fields);
  }
}
