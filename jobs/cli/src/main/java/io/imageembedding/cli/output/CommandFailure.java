// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import org.apache.flink.annotation.Internal;

/** A command cannot do what it was asked to; the message is the one line that the person gets. */
@Internal
public final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CommandFailure(String message) {
    super(message);
  }

  public CommandFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
