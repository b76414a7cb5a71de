// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.imageembedding.annotation.PublicEvolving;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions.TimestampMillisConversion;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Writes records into the values of messages in any {@link WireFormat} that {@link
 * WireFormat#isOutput() can be written}. Not thread-safe.
 *
 * @param <T> the record
 */
@NullMarked
@PublicEvolving
public final class RecordWriter<T> {
  private static final JsonFactory JSON = new JsonFactory();

  private interface AvroForm<T> {
    void write(T value, BinaryEncoder out) throws IOException;
  }

  private interface JsonForm<T> {
    void write(T value, JsonGenerator out) throws IOException;
  }

  private final WireFormat format;
  private final byte[] header;
  private final AvroForm<T> avro;
  private final JsonForm<T> json;
  private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(8192);
  private BinaryEncoder encoder;

  private RecordWriter(
      Schema schema,
      WireFormat format,
      SchemaRegistry registry,
      String topic,
      AvroForm<T> avro,
      JsonForm<T> json)
      throws IOException {
    if (!format.isOutput()) {
      throw new IllegalArgumentException("wire format " + format.key() + " is not for output");
    }
    if (format == WireFormat.CONFLUENT_AVRO && registry == null) {
      throw new IllegalArgumentException("wire format confluent-avro needs a schema registry");
    }
    this.format = format;
    this.header = Framing.header(format, schema, registry, topic);
    this.avro = avro;
    this.json = json;
  }

  /**
   * A writer of embeddings; the bytes are those of Avro's own writers, without an object for each
   * feature.
   *
   * @param registry null unless the format needs it
   * @param topic that the records go to
   * @throws IOException if the schema registry does not answer or refuses the schema
   */
  public static RecordWriter<EmbeddingFields> embeddings(
      WireFormat format, @Nullable SchemaRegistry registry, String topic) throws IOException {
    return new RecordWriter<>(
        EmbeddingRecord.SCHEMA$,
        format,
        registry,
        topic,
        EmbeddingForms::writeAvro,
        EmbeddingForms::writeJson);
  }

  /**
   * A writer of dead letters.
   *
   * @param registry null unless the format needs it
   * @param topic that the records go to
   * @throws IOException if the schema registry does not answer or refuses the schema
   */
  public static RecordWriter<DeadLetter> deadLetters(
      WireFormat format, @Nullable SchemaRegistry registry, String topic) throws IOException {
    SpecificData data = new SpecificData();
    data.addLogicalTypeConversion(new TimestampMillisConversion());
    SpecificDatumWriter<DeadLetter> writer = new SpecificDatumWriter<>(DeadLetter.SCHEMA$, data);
    return new RecordWriter<>(
        DeadLetter.SCHEMA$, format, registry, topic, writer::write, DeadLetterForms::writeJson);
  }

  /** The record as the value of a message. */
  public byte[] write(T record) throws IOException {
    buffer.reset();
    if (format == WireFormat.JSON) {
      try (JsonGenerator out = JSON.createGenerator(buffer)) {
        json.write(record, out);
      }
    } else {
      buffer.write(header);
      encoder = EncoderFactory.get().binaryEncoder(buffer, encoder);
      avro.write(record, encoder);
      encoder.flush();
    }
    return buffer.toByteArray();
  }
}
