// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import io.imageembedding.annotation.Internal;
import java.util.Locale;

/** Holds what a caller gives to what it has to be. */
@Internal
public final class Arguments {
  private Arguments() {}

  /**
   * @param message with a {@code %s} for each of the values
   * @throws IllegalArgumentException with the message if the condition is false
   */
  public static void checkArgument(boolean condition, String message, Object... values) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, message, values));
    }
  }
}
