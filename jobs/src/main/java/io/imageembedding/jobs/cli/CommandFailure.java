// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

/** A command cannot do what it was asked to; the message is the one line that the person gets. */
final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CommandFailure(String message) {
    super(message);
  }

  CommandFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
