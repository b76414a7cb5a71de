// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A dead letter as JSON; the original's bytes in base64. */
final class DeadLetterForms {
  private DeadLetterForms() {}

  static void writeJson(DeadLetter letter, JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("id", letter.getId());
    out.writeObjectFieldStart("error");
    out.writeStringField("stage", letter.getStage().name());
    out.writeStringField("code", letter.getCode().name());
    out.writeStringField("message", letter.getMessage());
    out.writeEndObject();
    EmbeddingForms.writeSource(letter.getSource(), out);
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

  private static byte[] toArray(ByteBuffer bytes) {
    byte[] array = new byte[bytes.remaining()];
    bytes.duplicate().get(array);
    return array;
  }
}
