// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.SourcePosition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Header {@value #KEY} of a message without a value, which has no record to say it in: where in the
 * input topic it came from, as one JSON object with topic, partition, offset and, where there is
 * one, timestamp. Embeddings of the same id are older or newer than that.
 */
@NullMarked
@PublicEvolving
public final class SourceHeader {

  /** Key of the header. */
  public static final String KEY = "image-embedding-source";

  private static final JsonFactory JSON = new JsonFactory();
  private static final String FIELD = "source";

  private SourceHeader() {}

  /** The header's value. */
  public static byte[] write(SourcePosition source) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      out.writeObjectFieldStart(FIELD);
      out.writeStringField("topic", source.topic());
      out.writeNumberField("partition", source.partition());
      out.writeNumberField("offset", source.offset());
      if (source.timestamp() != SourcePosition.NO_TIMESTAMP) {
        out.writeNumberField("timestamp", source.timestamp());
      }
      out.writeEndObject();
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /** What a header's value says; empty if nothing that could be a source. */
  public static Optional<SourcePosition> read(byte @Nullable [] value) {
    if (value == null) {
      return Optional.empty();
    }
    String topic = null;
    long partition = -1;
    long offset = -1;
    long timestamp = SourcePosition.NO_TIMESTAMP;
    try (JsonParser in = JSON.createParser(value)) {
      if (in.nextToken() != JsonToken.START_OBJECT
          || !FIELD.equals(in.nextFieldName())
          || in.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      for (String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
        if (in.nextToken() == JsonToken.VALUE_NULL) {
          continue;
        }
        switch (name) {
          case "topic" -> topic = in.getText();
          case "partition" -> partition = in.getLongValue();
          case "offset" -> offset = in.getLongValue();
          case "timestamp" -> timestamp = in.getLongValue();
          default -> in.skipChildren();
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return topic == null || partition < 0 || partition > Integer.MAX_VALUE || offset < 0
        ? Optional.empty()
        : Optional.of(new SourcePosition(topic, (int) partition, offset, timestamp));
  }
}
