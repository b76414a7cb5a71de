// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import org.jspecify.annotations.Nullable;

/** A store cannot do what was asked; the message says why in one line. */
@PublicEvolving
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean canPass;

  private StoreException(String message, @Nullable Throwable cause, boolean canPass) {
    super(message, cause);
    this.canPass = canPass;
  }

  /** A failure that stays until somebody does something about it. */
  public StoreException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  /** A failure that stays until somebody does something about it. */
  public StoreException(String message) {
    this(message, null);
  }

  /** A failure that may be gone when the same is tried again. */
  public static StoreException passing(String message, @Nullable Throwable cause) {
    return new StoreException(message, cause, true);
  }

  /** Whether trying again can help. */
  public boolean canPass() {
    return canPass;
  }
}
