// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.imageembedding.jobs.PrintableJson;

/** Objects as JSON in one line, without what is not there. */
final class Json {
  private Json() {}

  static String line(Object value) {
    try {
      return PrintableJson.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what commands print can be written as JSON", e);
    }
  }
}
