// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.micro;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.Image;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Source;
import io.imageembedding.schema.UnreadableRecordException;
import io.imageembedding.schema.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.avro.data.TimeConversions.TimestampMillisConversion;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * A vector with its provenance to an Avro record's bytes, and back. Rivals are given the vector as
 * an array, too, and make of it the list that Avro wants.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CodecBenchmark {
  private EmbeddingFields fields;
  private Model model;
  private Image image;
  private Source source;
  private byte[] framed;
  private byte[] plain;
  private GenericRecord generic;

  private RecordWriter<EmbeddingFields> writer;
  private RecordReader<EmbeddingRecord> reader;
  private DatumWriter<EmbeddingRecord> specificWriter;
  private DatumReader<EmbeddingRecord> specificReader;
  private DatumWriter<GenericRecord> genericWriter;
  private DatumReader<GenericRecord> genericReader;
  private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(8192);

  @Setup
  public void open() throws IOException {
    // Avro's own reader of generated classes wants it.
    System.setProperty("org.apache.avro.SERIALIZABLE_PACKAGES", "io.imageembedding.schema");
    float[] vector = new float[Fixtures.FEATURES];
    Random random = new Random(1);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = random.nextFloat() * 6;
    }
    fields =
        new EmbeddingFields(
            "photo-1",
            new Embedding(
                vector,
                new ImageInfo("jpeg", 640, 427),
                new Provenance(
                    "mobilenet_v2_1.0_224", "ab".repeat(32), "fp32", "reference", "cd".repeat(32))),
            new SourcePosition("images", 3, 1_234_567L, 1_700_000_000_123L),
            null,
            Map.of());
    model = new Model("mobilenet_v2_1.0_224", "ab".repeat(32), "fp32", "reference");
    image = new Image("jpeg", 640, 427);
    source = EmbeddingFields.source(fields.source());
    writer = RecordWriter.embeddings(WireFormat.AVRO, null, "embeddings");
    reader = RecordReader.embeddings(WireFormat.AVRO, null);
    SpecificData specific = new SpecificData();
    specific.addLogicalTypeConversion(new TimestampMillisConversion());
    specificWriter = new SpecificDatumWriter<>(EmbeddingRecord.SCHEMA$, specific);
    specificReader =
        new SpecificDatumReader<>(EmbeddingRecord.SCHEMA$, EmbeddingRecord.SCHEMA$, specific);
    genericWriter = new GenericDatumWriter<>(EmbeddingRecord.SCHEMA$);
    genericReader = new GenericDatumReader<>(EmbeddingRecord.SCHEMA$);
    framed = writer.write(fields);
    plain = writeSpecific();
    generic = readGeneric();
  }

  @Benchmark
  public byte[] writeOurs() throws IOException {
    return writer.write(fields);
  }

  @Benchmark
  public byte[] writeSpecific() throws IOException {
    EmbeddingRecord record =
        new EmbeddingRecord(
            fields.id(),
            boxed(),
            model,
            fields.embedding().provenance().vectorSpace(),
            image,
            source,
            null,
            fields.attributes(),
            null,
            null);
    return bytes(specificWriter, record);
  }

  @Benchmark
  public byte[] writeGeneric() throws IOException {
    generic.put("embedding", boxed());
    return bytes(genericWriter, generic);
  }

  @Benchmark
  public EmbeddingRecord readOurs() throws IOException, UnreadableRecordException {
    return reader.read(framed);
  }

  @Benchmark
  public EmbeddingRecord readSpecific() throws IOException {
    return specificReader.read(null, DecoderFactory.get().binaryDecoder(plain, null));
  }

  @Benchmark
  public GenericRecord readGeneric() throws IOException {
    return genericReader.read(null, DecoderFactory.get().binaryDecoder(plain, null));
  }

  private List<Float> boxed() {
    List<Float> features = new ArrayList<>(fields.embedding().vector().length);
    for (float feature : fields.embedding().vector()) {
      features.add(feature);
    }
    return features;
  }

  private <T> byte[] bytes(DatumWriter<T> datumWriter, T record) throws IOException {
    buffer.reset();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(buffer, null);
    datumWriter.write(record, encoder);
    encoder.flush();
    return buffer.toByteArray();
  }
}
