// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * Messages that a job has yet to read are gone, or the whole topic is. The message says in one line
 * what is wanted and what is left. The job is not restarted by itself: what is gone does not come
 * back.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class InputGoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  InputGoneException(String message) {
    super(message);
  }
}
