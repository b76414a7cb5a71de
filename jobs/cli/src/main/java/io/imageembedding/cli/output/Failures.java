// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import io.imageembedding.kafka.FailureDescription;
import org.apache.flink.annotation.Internal;

/** Says a failure in one line. */
@Internal
public final class Failures {
  private Failures() {}

  public static String describe(Throwable failure) {
    return FailureDescription.of(failure);
  }
}
