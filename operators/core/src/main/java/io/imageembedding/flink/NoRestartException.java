// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.jspecify.annotations.Nullable;

/**
 * Fails the job at once, whatever its restart strategy, because trying again would fail the same
 * way: the messages that it is to read are gone, a transaction is lost, a state cannot be gone on
 * from. The message is one line for a person and says what to do.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
@PublicEvolving
public final class NoRestartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NoRestartException(String message) {
    this(message, null);
  }

  public NoRestartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
