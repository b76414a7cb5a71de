// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.junit.jupiter.api.Test;

class RecordWriterTest {

  @Test
  void theHandWrittenEncoderWritesAvrosOwnBytes() throws IOException {
    RecordWriter<EmbeddingFields> writer =
        RecordWriter.embeddings(WireFormat.AVRO, null, "embeddings");
    Random random = new Random(3);
    for (int i = 0; i < 200; i++) {
      EmbeddingFields fields = random(random);
      byte[] written = writer.write(fields);

      assertThat(written)
          .isEqualTo(Samples.array(EmbeddingRecord.getEncoder().encode(Samples.generated(fields))));
      assertThat(Arrays.copyOfRange(written, 10, written.length))
          .isEqualTo(rewrittenByGenericWriter(written));
    }
  }

  @Test
  void theHandWrittenDecoderReadsWhatAvroWrites() throws Exception {
    RecordReader<EmbeddingRecord> reader = RecordReader.embeddings(WireFormat.AVRO, null);
    RecordWriter<EmbeddingFields> writer =
        RecordWriter.embeddings(WireFormat.AVRO, null, "embeddings");
    Random random = new Random(4);
    for (int i = 0; i < 200; i++) {
      EmbeddingFields fields = random(random);
      EmbeddingRecord record = Samples.generated(fields);
      byte[] avros = Samples.array(EmbeddingRecord.getEncoder().encode(record));

      assertThat(reader.read(avros)).isEqualTo(record);
      assertThat(reader.read(writer.write(fields))).isEqualTo(record);
    }
  }

  @Test
  void noFormatTakesMoreBytesThanTheBoundOfARecord() throws IOException {
    String worst = "\0".repeat(300) + "ü\uffff\"";
    Random random = new Random(5);
    for (int i = 0; i < 100; i++) {
      EmbeddingFields sample = random(random);
      EmbeddingFields fields =
          new EmbeddingFields(
              worst,
              new Embedding(
                  i == 0 ? longest() : sample.embedding().vector(),
                  sample.embedding().image(),
                  new Provenance(worst, worst, worst, worst, worst),
                  List.of(new ClassScore(worst, -1.17549435E-38f), new ClassScore("", 1))),
              new SourcePosition(worst, Integer.MIN_VALUE, Long.MIN_VALUE, Long.MIN_VALUE),
              Instant.ofEpochMilli(Long.MIN_VALUE),
              Map.of(worst, worst, "", ""));
      for (WireFormat format : WireFormat.values()) {
        if (format.isOutput() && format != WireFormat.CONFLUENT_AVRO) {
          assertThat(RecordWriter.embeddings(format, null, "t").write(fields).length)
              .isLessThanOrEqualTo((int) fields.mostBytes());
        }
      }
    }
  }

  private static float[] longest() {
    float[] vector = new float[1280];
    Arrays.fill(vector, -1.17549435E-38f);
    return vector;
  }

  @Test
  void arraysAndMapsMayComeInSeveralBlocks() throws Exception {
    EmbeddingRecord record = Samples.generated(Samples.embedding());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(EmbeddingRecord.getEncoder().encode(record).array(), 0, 10);
    BinaryEncoder encoder =
        new EncoderFactory().configureBlockSize(64).blockingBinaryEncoder(out, null);
    List<Float> features = new ArrayList<>();
    for (int i = 0; i < 1280; i++) {
      features.add(i / 7f);
    }
    record.setEmbedding(features);
    new SpecificDatumWriter<>(EmbeddingRecord.class).write(record, encoder);
    encoder.flush();

    assertThat(RecordReader.embeddings(WireFormat.AVRO, null).read(out.toByteArray()))
        .isEqualTo(record);
  }

  private static byte[] rewrittenByGenericWriter(byte[] written) throws IOException {
    GenericData data = new GenericData();
    GenericRecord record =
        new GenericDatumReader<GenericRecord>(
                EmbeddingRecord.SCHEMA$, EmbeddingRecord.SCHEMA$, data)
            .read(null, DecoderFactory.get().binaryDecoder(written, 10, written.length - 10, null));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<GenericRecord>(EmbeddingRecord.SCHEMA$, data).write(record, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  private static EmbeddingFields random(Random random) {
    float[] vector = new float[random.nextInt(1300)];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = Float.intBitsToFloat(random.nextInt());
      vector[i] = Float.isNaN(vector[i]) ? 0 : vector[i];
    }
    Map<String, String> attributes = new TreeMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      attributes.put("k" + i, "ü".repeat(random.nextInt(5)));
    }
    EmbeddingFields sample = Samples.embedding();
    return new EmbeddingFields(
        "id" + random.nextInt(),
        new Embedding(
            vector,
            new ImageInfo("png", random.nextInt(), random.nextInt()),
            sample.embedding().provenance(),
            scores(random)),
        new SourcePosition(
            "t",
            random.nextInt(100),
            random.nextLong(),
            random.nextBoolean() ? SourcePosition.NO_TIMESTAMP : random.nextInt()),
        random.nextBoolean() ? null : Instant.ofEpochMilli(random.nextInt()),
        attributes);
  }

  private static List<ClassScore> scores(Random random) {
    List<ClassScore> scores = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      scores.add(new ClassScore("é".repeat(random.nextInt(5)), random.nextFloat()));
    }
    return scores;
  }

  @Test
  void whatIsWrittenIsReadBack() throws Exception {
    EmbeddingFields fields = Samples.embedding();
    byte[] embedding = RecordWriter.embeddings(WireFormat.AVRO, null, "t").write(fields);
    byte[] letter =
        RecordWriter.deadLetters(WireFormat.AVRO, null, "t").write(Samples.deadLetter());

    assertThat(RecordReader.embeddings(WireFormat.AVRO, null).read(embedding))
        .isEqualTo(Samples.generated(fields));
    assertThat(RecordReader.deadLetters(WireFormat.AVRO, null).read(letter))
        .isEqualTo(Samples.deadLetter());
  }

  @Test
  void noScoresAreReadBackAsNone() throws Exception {
    EmbeddingFields fields = Samples.embedding(List.of());
    byte[] embedding = RecordWriter.embeddings(WireFormat.AVRO, null, "t").write(fields);

    assertThat(RecordReader.embeddings(WireFormat.AVRO, null).read(embedding).getScores()).isNull();
  }

  @Test
  void jsonHoldsTheSameFloats() throws IOException {
    EmbeddingFields fields = Samples.embedding();
    JsonNode json =
        new ObjectMapper()
            .readTree(RecordWriter.embeddings(WireFormat.JSON, null, "t").write(fields));

    assertThat(json.get("id").asText()).isEqualTo("a/photo.jpg");
    assertThat(json.get("dimension").asInt()).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      assertThat(json.get("vector").get(i).floatValue()).isEqualTo(fields.embedding().vector()[i]);
    }
    assertThat(json.get("model").get("preprocessing").asText()).isEqualTo("way");
    assertThat(json.get("source").get("offset").asLong()).isEqualTo(1_234_567_890_123L);
    assertThat(json.get("attributes").get("camera").asText()).isEqualTo("häfen");
    assertThat(json.get("scores"))
        .hasToString(
            "[{\"label\":\"tabby\",\"score\":0.75},"
                + "{\"label\":\"Schäferhund\",\"score\":0.125}]");
  }

  @Test
  void jsonOfAModelThatIsNoClassifierHasNoScores() throws IOException {
    JsonNode json =
        new ObjectMapper()
            .readTree(
                RecordWriter.embeddings(WireFormat.JSON, null, "t")
                    .write(Samples.embedding(List.of())));

    assertThat(json.get("scores").isNull()).isTrue();
  }

  @Test
  void aDeadLetterAsJsonHoldsTheOriginalInBase64() throws IOException {
    JsonNode json =
        new ObjectMapper()
            .readTree(
                RecordWriter.deadLetters(WireFormat.JSON, null, "t").write(Samples.deadLetter()));

    assertThat(json.get("error").get("stage").asText()).isEqualTo("fetch");
    assertThat(json.get("error").get("code").asText()).isEqualTo("CHANGED");
    assertThat(json.get("value").binaryValue()).isEqualTo("value".getBytes(StandardCharsets.UTF_8));
    assertThat(json.get("headers").get(1).get("value").isNull()).isTrue();
  }
}
