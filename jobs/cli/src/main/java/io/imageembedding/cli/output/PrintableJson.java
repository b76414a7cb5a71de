// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.imageembedding.safety.Printable;
import org.apache.flink.annotation.Internal;

/**
 * JSON that may be printed: what {@link Printable} does not print as it is stands there by its
 * number, so that a terminal obeys none of it and a program reads the same text.
 */
@Internal
public final class PrintableJson {
  public static final JsonFactory FACTORY =
      new JsonFactoryBuilder().characterEscapes(new Escapes()).build();

  /** In one line, without what is not there. */
  public static final ObjectMapper MAPPER =
      JsonMapper.builder(FACTORY)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  private PrintableJson() {}

  /** Sees UTF-16 units: those beyond the basic plane that cannot be seen stay as they are. */
  private static final class Escapes extends CharacterEscapes {
    private static final long serialVersionUID = 1L;

    private final int[] ascii;

    private Escapes() {
      ascii = standardAsciiEscapesForJSON();
      ascii[0x7f] = ESCAPE_STANDARD;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return ascii.clone();
    }

    @Override
    public SerializableString getEscapeSequence(int character) {
      return character < 0x80
              || character <= Character.MAX_VALUE && Character.isSurrogate((char) character)
              || Printable.isPrintable(character)
          ? null
          : new SerializedString(Printable.escaped(character));
    }
  }
}
