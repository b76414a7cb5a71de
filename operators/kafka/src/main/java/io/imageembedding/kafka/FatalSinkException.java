// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * A failure of a sink that a restart cannot mend; Flink fails the job for good on it. The message
 * is one line that says what happened and what to do.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
final class FatalSinkException extends IOException {
  private static final long serialVersionUID = 1L;

  FatalSinkException(String message) {
    super(message);
  }
}
