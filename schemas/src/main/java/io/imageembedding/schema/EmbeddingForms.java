// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.PrimitivesArrays.FloatArray;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;

/** An embedding in Avro's binary encoding, fields in the schema's order, and as JSON. */
final class EmbeddingForms {
  private static final Schema FEATURES = EmbeddingRecord.SCHEMA$.getField("embedding").schema();

  private EmbeddingForms() {}

  static void writeAvro(EmbeddingFields record, BinaryEncoder out) throws IOException {
    out.writeString(record.id());
    out.writeArrayStart();
    out.setItemCount(record.embedding().length);
    for (float feature : record.embedding()) {
      out.startItem();
      out.writeFloat(feature);
    }
    out.writeArrayEnd();
    out.writeString(record.model().getName());
    out.writeString(record.model().getSha256());
    out.writeString(record.model().getPrecision());
    out.writeString(record.model().getPreprocessing());
    out.writeString(record.vectorSpace());
    out.writeString(record.image().getFormat());
    out.writeInt(record.image().getWidth());
    out.writeInt(record.image().getHeight());
    Source source = record.source();
    out.writeString(source.getTopic());
    out.writeInt(source.getPartition());
    out.writeLong(source.getOffset());
    writeNullable(source.getTimestamp() == null ? null : source.getTimestamp().toEpochMilli(), out);
    writeNullable(record.capturedAt() == null ? null : record.capturedAt().toEpochMilli(), out);
    out.writeMapStart();
    out.setItemCount(record.attributes().size());
    for (Map.Entry<String, String> attribute : record.attributes().entrySet()) {
      out.startItem();
      out.writeString(attribute.getKey());
      out.writeString(attribute.getValue());
    }
    out.writeMapEnd();
    out.writeIndex(record.scores() == null ? 0 : 1);
    if (record.scores() != null) {
      writeScores(record.scores(), out);
    }
  }

  private static void writeScores(List<ClassScore> scores, BinaryEncoder out) throws IOException {
    out.writeArrayStart();
    out.setItemCount(scores.size());
    for (ClassScore score : scores) {
      out.startItem();
      out.writeString(score.getLabel());
      out.writeFloat(score.getScore());
    }
    out.writeArrayEnd();
  }

  private static void writeNullable(Long value, BinaryEncoder out) throws IOException {
    out.writeIndex(value == null ? 0 : 1);
    if (value != null) {
      out.writeLong(value);
    }
  }

  /**
   * Reads what was written with the schema of this version; equals what Avro reads.
   *
   * @param in bytes whose lengths and counts {@link EncodedRecordBounds} has seen
   */
  static EmbeddingRecord readAvro(BinaryDecoder in) throws IOException {
    return new EmbeddingRecord(
        in.readString(),
        readFeatures(in),
        new Model(in.readString(), in.readString(), in.readString(), in.readString()),
        in.readString(),
        new Image(in.readString(), in.readInt(), in.readInt()),
        new Source(in.readString(), in.readInt(), in.readLong(), readNullableInstant(in)),
        readNullableInstant(in),
        readAttributes(in),
        in.readIndex() == 0 ? null : readScores(in));
  }

  private static List<Float> readFeatures(BinaryDecoder in) throws IOException {
    long block = in.readArrayStart();
    FloatArray features = new FloatArray((int) block, FEATURES);
    for (; block > 0; block = in.arrayNext()) {
      for (long i = 0; i < block; i++) {
        features.add(features.size(), in.readFloat());
      }
    }
    return features;
  }

  private static Map<String, String> readAttributes(BinaryDecoder in) throws IOException {
    Map<String, String> attributes = new HashMap<>();
    for (long block = in.readMapStart(); block > 0; block = in.mapNext()) {
      for (long i = 0; i < block; i++) {
        attributes.put(in.readString(), in.readString());
      }
    }
    return attributes;
  }

  private static List<ClassScore> readScores(BinaryDecoder in) throws IOException {
    List<ClassScore> scores = new ArrayList<>();
    for (long block = in.readArrayStart(); block > 0; block = in.arrayNext()) {
      for (long i = 0; i < block; i++) {
        scores.add(new ClassScore(in.readString(), in.readFloat()));
      }
    }
    return scores;
  }

  private static Instant readNullableInstant(BinaryDecoder in) throws IOException {
    return in.readIndex() == 0 ? null : Instant.ofEpochMilli(in.readLong());
  }

  static void writeJson(EmbeddingFields record, JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("id", record.id());
    out.writeArrayFieldStart("vector");
    for (float feature : record.embedding()) {
      out.writeNumber(feature);
    }
    out.writeEndArray();
    out.writeNumberField("dimension", record.embedding().length);
    if (record.scores() != null && !record.scores().isEmpty()) {
      writeScores(record.scores(), out);
    }
    out.writeObjectFieldStart("model");
    out.writeStringField("name", record.model().getName());
    out.writeStringField("sha256", record.model().getSha256());
    out.writeStringField("precision", record.model().getPrecision());
    out.writeStringField("preprocessing", record.model().getPreprocessing());
    out.writeEndObject();
    out.writeStringField("vectorSpace", record.vectorSpace());
    out.writeObjectFieldStart("image");
    out.writeStringField("format", record.image().getFormat());
    out.writeNumberField("width", record.image().getWidth());
    out.writeNumberField("height", record.image().getHeight());
    out.writeEndObject();
    writeSource(record.source(), out);
    if (record.capturedAt() != null) {
      out.writeNumberField("capturedAt", record.capturedAt().toEpochMilli());
    }
    out.writeObjectFieldStart("attributes");
    for (Map.Entry<String, String> attribute : record.attributes().entrySet()) {
      out.writeStringField(attribute.getKey(), attribute.getValue());
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  private static void writeScores(List<ClassScore> scores, JsonGenerator out) throws IOException {
    out.writeArrayFieldStart("scores");
    for (ClassScore score : scores) {
      out.writeStartObject();
      out.writeStringField("label", score.getLabel());
      out.writeNumberField("score", score.getScore());
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  static void writeSource(Source source, JsonGenerator out) throws IOException {
    out.writeObjectFieldStart("source");
    out.writeStringField("topic", source.getTopic());
    out.writeNumberField("partition", source.getPartition());
    out.writeNumberField("offset", source.getOffset());
    if (source.getTimestamp() != null) {
      out.writeNumberField("timestamp", source.getTimestamp().toEpochMilli());
    }
    out.writeEndObject();
  }
}
