// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;
import org.jspecify.annotations.Nullable;

/** Training that cannot start or go on; the message is one line for a person. */
@PublicEvolving
public final class FineTuneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  FineTuneException(String message) {
    super(message);
  }

  FineTuneException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
