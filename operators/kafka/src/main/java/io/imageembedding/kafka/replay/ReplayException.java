// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka.replay;

import org.apache.flink.annotation.Internal;

/** A replay cannot go on; the message says why in one line. */
@Internal
public final class ReplayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ReplayException(String message, Throwable cause) {
    super(message, cause);
  }
}
