// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import io.imageembedding.annotation.Internal;

/**
 * Texts from outside as they may be printed: in one line, on a terminal, in a log or on a page.
 *
 * <p>What a terminal obeys (ESC and all other control characters, among them those of eight bits),
 * what ends a line, what turns the direction of writing or cannot be seen at all, and halves of
 * surrogate pairs are printed as their number, such as <code>&#92;u001b</code>. Two characters that
 * cannot be seen stay, because names are spelt with them: the joiner and the non-joiner.
 */
@Internal
public final class Printable {
  private static final int NON_JOINER = 0x200c;
  private static final int JOINER = 0x200d;

  private Printable() {}

  /** The text in one line; {@code null} as the word. */
  public static String line(Object text) {
    String given = String.valueOf(text);
    if (given.codePoints().allMatch(Printable::isPrintable)) {
      return given;
    }
    StringBuilder printable = new StringBuilder(given.length() + 16);
    given
        .codePoints()
        .forEach(
            character -> {
              if (isPrintable(character)) {
                printable.appendCodePoint(character);
              } else {
                printable.append(escaped(character));
              }
            });
    return printable.toString();
  }

  /** Whether the character may be printed as it is. */
  public static boolean isPrintable(int character) {
    if (character >= ' ' && character <= '~' || character == JOINER || character == NON_JOINER) {
      return true;
    }
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      default -> true;
    };
  }

  /** The number of a character, as JSON and Java spell it. */
  public static String escaped(int character) {
    StringBuilder escaped = new StringBuilder();
    for (char unit : Character.toChars(character)) {
      escaped.append(String.format("\\u%04x", (int) unit));
    }
    return escaped.toString();
  }
}
