// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;

/** How a record is written into the value of a message. */
@NullMarked
@PublicEvolving
public enum WireFormat {
  /** Avro single-object encoding: C3 01, fingerprint of the writer's schema, the record. */
  AVRO(true, true),
  /** The framing of Confluent's schema registry: 0, id of the writer's schema, the record. */
  CONFLUENT_AVRO(true, true),
  /** The value is the image file itself, the key is the id. */
  RAW(true, false),
  /** One JSON object. */
  JSON(false, true);

  private final boolean input;
  private final boolean output;

  WireFormat(boolean input, boolean output) {
    this.input = input;
    this.output = output;
  }

  /** Name in options: lower case with hyphens. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether image records can be read in it. */
  public boolean isInput() {
    return input;
  }

  /** Whether embeddings and dead letters can be written in it. */
  public boolean isOutput() {
    return output;
  }

  /**
   * The format with that {@link #key()}.
   *
   * @throws IllegalArgumentException naming the keys there are
   */
  public static WireFormat parse(String key) {
    return Arrays.stream(values())
        .filter(format -> format.key().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "wire format '"
                        + key
                        + "' is not allowed; allowed: "
                        + Arrays.stream(values())
                            .map(WireFormat::key)
                            .collect(Collectors.joining(", "))));
  }
}
