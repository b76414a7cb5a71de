// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import org.apache.flink.annotation.Internal;

/**
 * A job's checkpoints.
 *
 * @param last number of the newest that was completed; null if there is none
 * @param ageMillis since it was
 * @param bytes of it
 * @param durationMillis of it
 * @param completed of this run of the job
 * @param failed of this run of the job
 */
@Internal
public record Checkpoints(
    Long last, Long ageMillis, Long bytes, Long durationMillis, long completed, long failed) {

  public static final Checkpoints NONE = new Checkpoints(null, null, null, null, 0, 0);

  /** The newest, as {@code 31, 4 s ago}. */
  public String newest() {
    return last == null ? "none yet" : last + ", " + Math.max(0, ageMillis / 1000) + " s ago";
  }
}
