// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.doctor;

import org.apache.flink.annotation.Internal;

/**
 * What came of one check.
 *
 * @param check its name
 * @param found what there is, or what is wrong
 * @param advice what to do; null where there is nothing to do
 */
@Internal
public record Diagnosis(String check, Status status, String found, String advice) {

  /** How it is. */
  public enum Status {
    /** As it should be. */
    OK,
    /** The job runs, but not as well as it might. */
    WARNING,
    /** The job cannot run, or loses what it promises. */
    FAILED,
    /** Not asked, because of what failed before. */
    SKIPPED
  }
}
