// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes what belongs to a task. Flink 2.3 closes operators inside the handler of the task's
 * failure, where anything that is thrown ends the whole TaskManager process; so a failure to close
 * is one line in the log. Nothing is lost by that: what was not flushed before belongs to a
 * transaction that is never committed, and is read again.
 */
final class QuietClose {
  private static final Logger LOG = LoggerFactory.getLogger(QuietClose.class);

  private QuietClose() {}

  /**
   * Closes it; an interrupt stays set.
   *
   * @param what it is, for the log
   * @return whether it closed cleanly
   */
  static boolean of(AutoCloseable closeable, String what) {
    try {
      closeable.close();
      return true;
    } catch (Throwable thrown) {
      ExceptionUtils.rethrowIfFatalErrorOrOOM(thrown);
      if (thrown instanceof InterruptedException || thrown instanceof InterruptException) {
        Thread.currentThread().interrupt();
      }
      LOG.warn("{} did not close cleanly: {}", what, oneLine(thrown));
      return false;
    }
  }

  /** The failure and what caused it, without stacks. */
  static String oneLine(Throwable thrown) {
    StringBuilder line = new StringBuilder();
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      line.append(line.isEmpty() ? "" : ", caused by ")
          .append(cause.getClass().getSimpleName())
          .append(": ")
          .append(cause.getMessage());
      if (cause.getCause() == cause) {
        break;
      }
    }
    return line.toString();
  }
}
