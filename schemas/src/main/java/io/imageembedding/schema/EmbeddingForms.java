// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static io.imageembedding.schema.JsonFields.number;
import static io.imageembedding.schema.JsonFields.required;
import static io.imageembedding.schema.JsonFields.smallNumber;
import static io.imageembedding.schema.JsonFields.text;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.FetchedObject;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
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
  private static final ObjectMapper JSON = new ObjectMapper();

  private EmbeddingForms() {}

  static void writeAvro(EmbeddingFields record, BinaryEncoder out) throws IOException {
    out.writeString(record.id());
    Embedding embedding = record.embedding();
    out.writeArrayStart();
    out.setItemCount(embedding.vector().length);
    for (float feature : embedding.vector()) {
      out.startItem();
      out.writeFloat(feature);
    }
    out.writeArrayEnd();
    Provenance provenance = embedding.provenance();
    out.writeString(provenance.model());
    out.writeString(provenance.sha256());
    out.writeString(provenance.precision());
    out.writeString(provenance.preprocessing());
    out.writeString(provenance.vectorSpace());
    ImageInfo image = embedding.image();
    out.writeString(image.format());
    out.writeInt(image.width());
    out.writeInt(image.height());
    SourcePosition source = record.source();
    out.writeString(source.topic());
    out.writeInt(source.partition());
    out.writeLong(source.offset());
    writeNullable(isTimed(source) ? source.timestamp() : null, out);
    writeNullable(millis(record.capturedAt()), out);
    out.writeMapStart();
    out.setItemCount(record.attributes().size());
    for (Map.Entry<String, String> attribute : record.attributes().entrySet()) {
      out.startItem();
      out.writeString(attribute.getKey());
      out.writeString(attribute.getValue());
    }
    out.writeMapEnd();
    out.writeIndex(embedding.scores().isEmpty() ? 0 : 1);
    if (!embedding.scores().isEmpty()) {
      writeScores(embedding.scores(), out);
    }
    out.writeIndex(record.fetched() == null ? 0 : 1);
    if (record.fetched() != null) {
      writeFetched(record.fetched(), out);
    }
  }

  private static void writeFetched(FetchedObject fetched, BinaryEncoder out) throws IOException {
    out.writeString(fetched.uri());
    out.writeLong(fetched.length());
    out.writeString(fetched.sha256());
    out.writeIndex(fetched.etag() == null ? 0 : 1);
    if (fetched.etag() != null) {
      out.writeString(fetched.etag());
    }
    writeNullable(millis(fetched.modified()), out);
  }

  private static boolean isTimed(SourcePosition source) {
    return source.timestamp() != SourcePosition.NO_TIMESTAMP;
  }

  private static void writeScores(List<ClassScore> scores, BinaryEncoder out) throws IOException {
    out.writeArrayStart();
    out.setItemCount(scores.size());
    for (ClassScore score : scores) {
      out.startItem();
      out.writeString(score.label());
      out.writeFloat(score.score());
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
        in.readIndex() == 0 ? null : readScores(in),
        in.readIndex() == 0 ? null : readFetched(in));
  }

  private static io.imageembedding.schema.FetchedObject readFetched(BinaryDecoder in)
      throws IOException {
    return new io.imageembedding.schema.FetchedObject(
        in.readString(),
        in.readLong(),
        in.readString(),
        in.readIndex() == 0 ? null : in.readString(),
        readNullableInstant(in));
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

  private static List<io.imageembedding.schema.ClassScore> readScores(BinaryDecoder in)
      throws IOException {
    List<io.imageembedding.schema.ClassScore> scores = new ArrayList<>();
    for (long block = in.readArrayStart(); block > 0; block = in.arrayNext()) {
      for (long i = 0; i < block; i++) {
        scores.add(new io.imageembedding.schema.ClassScore(in.readString(), in.readFloat()));
      }
    }
    return scores;
  }

  private static Instant readNullableInstant(BinaryDecoder in) throws IOException {
    return in.readIndex() == 0 ? null : Instant.ofEpochMilli(in.readLong());
  }

  /** As {@code EmbeddingRecord.schema.json} says: every field is there, null as in Avro. */
  static void writeJson(EmbeddingFields record, JsonGenerator out) throws IOException {
    Embedding embedding = record.embedding();
    out.writeStartObject();
    out.writeStringField("id", record.id());
    out.writeArrayFieldStart("vector");
    for (float feature : embedding.vector()) {
      out.writeNumber(feature);
    }
    out.writeEndArray();
    out.writeNumberField("dimension", embedding.vector().length);
    writeScores(embedding.scores(), out);
    Provenance provenance = embedding.provenance();
    out.writeObjectFieldStart("model");
    out.writeStringField("name", provenance.model());
    out.writeStringField("sha256", provenance.sha256());
    out.writeStringField("precision", provenance.precision());
    out.writeStringField("preprocessing", provenance.preprocessing());
    out.writeEndObject();
    out.writeStringField("vectorSpace", provenance.vectorSpace());
    out.writeObjectFieldStart("image");
    out.writeStringField("format", embedding.image().format());
    out.writeNumberField("width", embedding.image().width());
    out.writeNumberField("height", embedding.image().height());
    out.writeEndObject();
    writeSource(record.source(), out);
    writeNullable("capturedAt", millis(record.capturedAt()), out);
    out.writeObjectFieldStart("attributes");
    for (Map.Entry<String, String> attribute : record.attributes().entrySet()) {
      out.writeStringField(attribute.getKey(), attribute.getValue());
    }
    out.writeEndObject();
    writeFetched(record.fetched(), out);
    out.writeEndObject();
  }

  private static void writeScores(List<ClassScore> scores, JsonGenerator out) throws IOException {
    if (scores.isEmpty()) {
      out.writeNullField("scores");
      return;
    }
    out.writeArrayFieldStart("scores");
    for (ClassScore score : scores) {
      out.writeStartObject();
      out.writeStringField("label", score.label());
      out.writeNumberField("score", score.score());
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private static void writeFetched(FetchedObject fetched, JsonGenerator out) throws IOException {
    if (fetched == null) {
      out.writeNullField("fetched");
      return;
    }
    out.writeObjectFieldStart("fetched");
    out.writeStringField("uri", fetched.uri());
    out.writeNumberField("length", fetched.length());
    out.writeStringField("sha256", fetched.sha256());
    out.writeStringField("etag", fetched.etag());
    writeNullable("modified", millis(fetched.modified()), out);
    out.writeEndObject();
  }

  static void writeSource(SourcePosition source, JsonGenerator out) throws IOException {
    out.writeObjectFieldStart("source");
    out.writeStringField("topic", source.topic());
    out.writeNumberField("partition", source.partition());
    out.writeNumberField("offset", source.offset());
    writeNullable("timestamp", isTimed(source) ? source.timestamp() : null, out);
    out.writeEndObject();
  }

  private static Long millis(Instant instant) {
    return instant == null ? null : instant.toEpochMilli();
  }

  private static void writeNullable(String field, Long value, JsonGenerator out)
      throws IOException {
    if (value == null) {
      out.writeNullField(field);
    } else {
      out.writeNumberField(field, value);
    }
  }

  /** What {@link #writeJson} has written; earlier versions left out what is null. */
  static EmbeddingFields readJson(byte[] value) throws UnreadableRecordException {
    try {
      JsonNode node = JSON.readTree(value);
      JsonNode model = required(node, "model");
      JsonNode image = required(node, "image");
      return new EmbeddingFields(
          text(node, "id"),
          new Embedding(
              vector(required(node, "vector")),
              new ImageInfo(
                  text(image, "format"), smallNumber(image, "width"), smallNumber(image, "height")),
              new Provenance(
                  text(model, "name"),
                  text(model, "sha256"),
                  text(model, "precision"),
                  text(model, "preprocessing"),
                  text(node, "vectorSpace")),
              scores(node.path("scores"))),
          JsonFields.position(required(node, "source")),
          nullableInstant(node, "capturedAt"),
          attributes(node.path("attributes")),
          node.hasNonNull("fetched") ? fetched(node.get("fetched")) : null);
    } catch (IOException e) {
      throw unreadable("it is no JSON");
    } catch (IllegalArgumentException e) {
      throw unreadable(e.getMessage());
    }
  }

  private static Instant nullableInstant(JsonNode node, String name) {
    return node.hasNonNull(name) ? Instant.ofEpochMilli(number(node, name)) : null;
  }

  private static FetchedObject fetched(JsonNode node) {
    return new FetchedObject(
        text(node, "uri"),
        number(node, "length"),
        text(node, "sha256"),
        node.hasNonNull("etag") ? text(node, "etag") : null,
        nullableInstant(node, "modified"));
  }

  private static UnreadableRecordException unreadable(String reason) {
    return new UnreadableRecordException(
        Code.WRONG_WIRE_FORMAT, "the value is no embedding as a JSON object: " + reason);
  }

  private static float[] vector(JsonNode node) {
    float[] vector = new float[node.size()];
    for (int i = 0; i < vector.length; i++) {
      JsonNode feature = node.get(i);
      if (feature == null || !feature.isNumber()) {
        throw new IllegalArgumentException("feature " + i + " is no number");
      }
      vector[i] = feature.floatValue();
    }
    return vector;
  }

  private static List<ClassScore> scores(JsonNode node) {
    List<ClassScore> scores = new ArrayList<>();
    for (JsonNode score : node) {
      scores.add(new ClassScore(text(score, "label"), required(score, "score").floatValue()));
    }
    return scores;
  }

  private static Map<String, String> attributes(JsonNode node) {
    Map<String, String> attributes = new HashMap<>();
    node.properties().forEach(entry -> attributes.put(entry.getKey(), entry.getValue().asText()));
    return attributes;
  }
}
