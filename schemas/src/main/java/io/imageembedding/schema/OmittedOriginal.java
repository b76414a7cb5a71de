// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;

/**
 * The note at the end of a dead letter's message where parts of the original were left out. It is
 * what tells a value that was left out from one that never was.
 */
@NullMarked
@PublicEvolving
public final class OmittedOriginal {
  private static final Pattern NOTE =
      Pattern.compile(
          " \\[the original (value|headers)[a-z, ]* left out: the dead letter would be larger than the"
              + " \\d+ bytes that its topic takes[^\\]]*\\]$");

  private OmittedOriginal() {}

  /**
   * The note, to be appended to the reason.
   *
   * @param parts "the original value" or "the original headers", with what else was left out
   */
  public static String note(String parts, int maxBytes, int maxHeaders) {
    return " ["
        + parts
        + " left out: the dead letter would be larger than the "
        + maxBytes
        + " bytes that its topic takes, or have more than "
        + maxHeaders
        + " headers]";
  }

  /** Which part of the original was left out first, {@code value} or {@code headers}. */
  public static Optional<String> notedIn(DeadLetter letter) {
    Matcher note = NOTE.matcher(letter.getMessage());
    return note.find() ? Optional.of(note.group(1)) : Optional.empty();
  }
}
