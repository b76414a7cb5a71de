// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions.TimestampMillisConversion;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * Avro's binary encoding behind what names the writer's schema.
 *
 * @param framing what stands before a record
 */
record AvroCodec(Framing framing) implements WireCodec.Input, WireCodec.Output {

  @Override
  public boolean needsRegistry() {
    return framing.needsRegistry();
  }

  @Override
  public ImageReading images(SchemaRegistry registry) {
    return new Images(framing, registry);
  }

  @Override
  public int bytesOfAFeature() {
    return Float.BYTES;
  }

  @Override
  public Writing<EmbeddingFields> embeddings(SchemaRegistry registry, String topic)
      throws IOException {
    return framed(EmbeddingRecord.SCHEMA$, registry, topic, EmbeddingForms::writeAvro);
  }

  @Override
  public Reading<EmbeddingFields> embeddings(SchemaRegistry registry) {
    RecordReader<EmbeddingRecord> reader = RecordReader.embeddings(framing, registry);
    return value -> EmbeddingFields.of(reader.read(value));
  }

  @Override
  public Writing<DeadLetter> deadLetters(SchemaRegistry registry, String topic) throws IOException {
    SpecificData data = new SpecificData();
    data.addLogicalTypeConversion(new TimestampMillisConversion());
    SpecificDatumWriter<DeadLetter> writer = new SpecificDatumWriter<>(DeadLetter.SCHEMA$, data);
    return framed(DeadLetter.SCHEMA$, registry, topic, writer::write);
  }

  @Override
  public Reading<DeadLetter> deadLetters(SchemaRegistry registry) {
    return RecordReader.deadLetters(framing, registry)::read;
  }

  private interface Form<T> {
    void write(T value, BinaryEncoder out) throws IOException;
  }

  private <T> Writing<T> framed(Schema schema, SchemaRegistry registry, String topic, Form<T> form)
      throws IOException {
    byte[] header = framing.header(schema, registry, topic);
    BinaryEncoder[] reused = new BinaryEncoder[1];
    return (record, out) -> {
      out.write(header);
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, reused[0]);
      reused[0] = encoder;
      form.write(record, encoder);
      encoder.flush();
    };
  }

  /** Reads no more of a record than is asked for. */
  private static final class Images implements ImageReading {
    private static final Schema BESIDE = fields("id", "capturedAt", "attributes");
    private static final Schema ALL = fields("id", "image", "capturedAt", "attributes");

    private final RecordReader<GenericRecord> all;
    private final RecordReader<GenericRecord> beside;

    Images(Framing framing, SchemaRegistry registry) {
      all = RecordReader.projection(ALL, ALL, framing, registry);
      beside = RecordReader.projection(BESIDE, ALL, framing, registry);
    }

    private static Schema fields(String... names) {
      List<Schema.Field> fields =
          List.of(names).stream()
              .map(ImageRecord.SCHEMA$::getField)
              .map(field -> new Schema.Field(field, field.schema()))
              .toList();
      return Schema.createRecord(
          ImageRecord.SCHEMA$.getName(), null, ImageRecord.SCHEMA$.getNamespace(), false, fields);
    }

    @Override
    public ImageMessage read(byte[] key, byte[] value, SourcePosition source)
        throws UnreadableRecordException, IOException {
      GenericRecord record = all.read(value);
      return new ImageMessage(
          fields(record), record.get("image") instanceof ByteBuffer image ? bytes(image) : null);
    }

    private static byte[] bytes(ByteBuffer image) {
      byte[] bytes = new byte[image.remaining()];
      image.get(bytes);
      return bytes;
    }

    @Override
    public ImageFields fields(byte[] key, byte[] value, SourcePosition source)
        throws UnreadableRecordException, IOException {
      return fields(beside.read(value));
    }

    private static ImageFields fields(GenericRecord record) throws UnreadableRecordException {
      @SuppressWarnings("unchecked")
      Map<String, String> attributes = (Map<String, String>) record.get("attributes");
      return new ImageFields(
          ImageIds.required(record.get("id").toString()),
          (Instant) record.get("capturedAt"),
          attributes);
    }
  }
}
