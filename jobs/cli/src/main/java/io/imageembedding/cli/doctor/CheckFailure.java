// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.doctor;

import org.apache.flink.annotation.Internal;

/** Something is not as it has to be; the message says what there is. */
@Internal
public final class CheckFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CheckFailure(String message) {
    super(message);
  }
}
