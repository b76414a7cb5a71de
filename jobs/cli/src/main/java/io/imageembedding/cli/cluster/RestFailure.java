// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import java.io.IOException;
import org.apache.flink.annotation.Internal;

/** Nothing of use was answered; the message is one line, and names host and port. */
@Internal
public final class RestFailure extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  RestFailure(String message, Throwable cause) {
    super(message, cause);
    status = 0;
  }

  RestFailure(String message, int status) {
    super(message);
    this.status = status;
  }

  /** Whether Flink answered that what was asked for is not there. */
  boolean isNotFound() {
    return status == 404;
  }
}
