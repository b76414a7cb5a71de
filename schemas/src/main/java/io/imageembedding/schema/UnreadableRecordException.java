// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import org.jspecify.annotations.NullMarked;

/** A message that holds no readable record; the fault is the message's. */
@NullMarked
@PublicEvolving
public final class UnreadableRecordException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Code code;

  UnreadableRecordException(Code code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  /** Why: one of the codes of stage {@link Stage#wire}. */
  public Code code() {
    return code;
  }
}
