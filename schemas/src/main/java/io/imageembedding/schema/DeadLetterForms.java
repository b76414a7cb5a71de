// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static io.imageembedding.schema.JsonFields.number;
import static io.imageembedding.schema.JsonFields.required;
import static io.imageembedding.schema.JsonFields.text;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A dead letter as JSON; the original's bytes in base64. */
final class DeadLetterForms {
  private static final ObjectMapper JSON = new ObjectMapper();

  private DeadLetterForms() {}

  static void writeJson(DeadLetter letter, JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("id", letter.getId());
    out.writeObjectFieldStart("error");
    out.writeStringField("stage", letter.getStage().name());
    out.writeStringField("code", letter.getCode().name());
    out.writeStringField("message", letter.getMessage());
    out.writeEndObject();
    EmbeddingForms.writeSource(EmbeddingFields.position(letter.getSource()), out);
    writeBytes("key", letter.getKey(), out);
    writeBytes("value", letter.getValue(), out);
    out.writeArrayFieldStart("headers");
    for (Header header : letter.getHeaders()) {
      out.writeStartObject();
      out.writeStringField("key", header.getKey());
      writeBytes("value", header.getValue(), out);
      out.writeEndObject();
    }
    out.writeEndArray();
    out.writeNumberField("failedAt", letter.getFailedAt().toEpochMilli());
    out.writeEndObject();
  }

  private static void writeBytes(String field, ByteBuffer bytes, JsonGenerator out)
      throws IOException {
    if (bytes == null) {
      out.writeNullField(field);
    } else {
      out.writeBinaryField(field, toArray(bytes));
    }
  }

  /** What {@link #writeJson} has written. */
  static DeadLetter readJson(byte[] value) throws UnreadableRecordException {
    try {
      JsonNode node = JSON.readTree(value);
      JsonNode error = required(node, "error");
      List<Header> headers = new ArrayList<>();
      for (JsonNode header : required(node, "headers")) {
        headers.add(new Header(text(header, "key"), bytes(header, "value")));
      }
      return new DeadLetter(
          node.path("id").textValue(),
          symbol(Stage.values(), text(error, "stage"), Stage.other),
          symbol(Code.values(), text(error, "code"), Code.OTHER),
          text(error, "message"),
          EmbeddingFields.source(JsonFields.position(required(node, "source"))),
          bytes(node, "key"),
          bytes(node, "value"),
          headers,
          Instant.ofEpochMilli(number(node, "failedAt")));
    } catch (IOException | IllegalArgumentException e) {
      throw new UnreadableRecordException(
          Code.WRONG_WIRE_FORMAT, "the value is no dead letter as a JSON object");
    }
  }

  /** As Avro does, what a newer writer knows and this does not becomes the default. */
  private static <E extends Enum<E>> E symbol(E[] known, String name, E otherwise) {
    return Arrays.stream(known)
        .filter(value -> value.name().equals(name))
        .findFirst()
        .orElse(otherwise);
  }

  private static ByteBuffer bytes(JsonNode node, String field) throws IOException {
    JsonNode found = node.get(field);
    if (found == null || found.isNull()) {
      return null;
    }
    if (!found.isTextual()) {
      throw new IllegalArgumentException("'" + field + "' is no text");
    }
    return ByteBuffer.wrap(found.binaryValue());
  }

  private static byte[] toArray(ByteBuffer bytes) {
    byte[] array = new byte[bytes.remaining()];
    bytes.duplicate().get(array);
    return array;
  }
}
