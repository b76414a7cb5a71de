// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.annotation.Internal;

/** Objects as JSON in one line, without what is not there. */
@Internal
public final class Json {
  private Json() {}

  public static String line(Object value) {
    try {
      return PrintableJson.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what commands print can be written as JSON", e);
    }
  }
}
