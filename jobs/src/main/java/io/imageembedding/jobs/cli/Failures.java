// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.kafka.FailureDescription;

/** Says a failure in one line. */
final class Failures {
  private Failures() {}

  static String describe(Throwable failure) {
    return FailureDescription.of(failure);
  }
}
