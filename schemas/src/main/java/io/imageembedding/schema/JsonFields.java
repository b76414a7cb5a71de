// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.embedding.SourcePosition;

/** Fields that a record as JSON has to have; what is not there is said by its name. */
final class JsonFields {
  private JsonFields() {}

  /**
   * A field with a value.
   *
   * @param node null where there is none
   * @throws IllegalArgumentException if there is none
   */
  static JsonNode required(JsonNode node, String field) {
    JsonNode found = node == null ? null : node.get(field);
    if (found == null || found.isNull()) {
      throw new IllegalArgumentException("there is no '" + field + "'");
    }
    return found;
  }

  /**
   * @throws IllegalArgumentException if there is none
   */
  static String text(JsonNode node, String field) {
    JsonNode found = required(node, field);
    if (!found.isTextual()) {
      throw new IllegalArgumentException("'" + field + "' is no text");
    }
    return found.textValue();
  }

  /**
   * @throws IllegalArgumentException if there is none
   */
  static long number(JsonNode node, String field) {
    JsonNode found = required(node, field);
    if (!found.isIntegralNumber() || !found.canConvertToLong()) {
      throw new IllegalArgumentException("'" + field + "' is no whole number");
    }
    return found.longValue();
  }

  /**
   * @throws IllegalArgumentException if there is none
   */
  static int smallNumber(JsonNode node, String field) {
    long number = number(node, field);
    if (number != (int) number) {
      throw new IllegalArgumentException("'" + field + "' is too large a number");
    }
    return (int) number;
  }

  /**
   * A position, its timestamp where there is one.
   *
   * @throws IllegalArgumentException if there is none
   */
  static SourcePosition position(JsonNode source) {
    JsonNode sent = source.get("timestamp");
    return new SourcePosition(
        text(source, "topic"),
        smallNumber(source, "partition"),
        number(source, "offset"),
        sent == null || sent.isNull() ? SourcePosition.NO_TIMESTAMP : number(source, "timestamp"));
  }
}
