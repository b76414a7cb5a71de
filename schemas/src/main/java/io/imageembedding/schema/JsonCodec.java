// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** One JSON object. */
final class JsonCodec implements WireCodec.Output {
  private static final JsonFactory JSON = new JsonFactory();

  private interface Form<T> {
    void write(T value, JsonGenerator out) throws IOException;
  }

  @Override
  public int bytesOfAFeature() {
    return 14;
  }

  @Override
  public Writing<EmbeddingFields> embeddings(SchemaRegistry registry, String topic) {
    return written(EmbeddingForms::writeJson);
  }

  @Override
  public Reading<EmbeddingFields> embeddings(SchemaRegistry registry) {
    return value -> EmbeddingForms.readJson(present(value));
  }

  @Override
  public Writing<DeadLetter> deadLetters(SchemaRegistry registry, String topic) {
    return written(DeadLetterForms::writeJson);
  }

  @Override
  public Reading<DeadLetter> deadLetters(SchemaRegistry registry) {
    return value -> DeadLetterForms.readJson(present(value));
  }

  private static <T> Writing<T> written(Form<T> form) {
    return (record, bytes) -> {
      try (JsonGenerator out = JSON.createGenerator(bytes)) {
        form.write(record, out);
      }
    };
  }

  private static byte[] present(byte[] value) throws UnreadableRecordException {
    if (value == null) {
      throw new UnreadableRecordException(Code.NULL_VALUE, "the message has no value");
    }
    return value;
  }
}
