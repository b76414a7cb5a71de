// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.io.IOException;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Why a task failed, in one line for people: Flink shows the message of the outermost exception
 * first, and that of its own chain says only that something could not be forwarded.
 */
final class TaskFailureException extends IOException {
  private static final long serialVersionUID = 1L;

  TaskFailureException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * The failure with its description first; one that says it, or only ends a task, stays as it is.
   */
  static Exception of(Exception failure) {
    String description = FailureDescription.of(failure);
    return isEnding(failure) || description.equals(failure.getMessage())
        ? failure
        : new TaskFailureException(description, failure);
  }

  /** Whether it only ends a task, and is no failure. */
  static boolean isEnding(Exception failure) {
    return failure instanceof CancelTaskException
        || ExceptionUtils.findThrowable(failure, InterruptedException.class).isPresent()
        || ExceptionUtils.findThrowable(failure, InterruptException.class).isPresent();
  }
}
