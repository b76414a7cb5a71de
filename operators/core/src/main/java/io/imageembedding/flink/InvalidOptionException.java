// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import org.apache.flink.annotation.PublicEvolving;

/** An option that cannot be used; the message names key, value and what is allowed, in one line. */
@PublicEvolving
public final class InvalidOptionException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public InvalidOptionException(String message) {
    super(message);
  }

  /**
   * @param key of the option
   * @param value as it was given
   * @param allowed what it may be, in words
   */
  public InvalidOptionException(String key, String value, String allowed) {
    super(key + ": '" + value + "' is not allowed; allowed: " + allowed);
  }
}
