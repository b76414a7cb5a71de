// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.time.Duration;
import java.util.List;

/**
 * What a scenario found.
 *
 * @param missing ids without an answer that should have one
 * @param twice ids with more than one answer that should have one
 * @param differing ids whose vector is not that of an undisturbed run, bit by bit
 * @param recovery from the failure until a checkpoint that was begun after it is complete; null
 *     where nothing had to recover
 * @param transactionalIds that the job has left on the broker
 * @param residentBefore bytes of the largest TaskManager before the failure
 * @param residentAfter the same at the end
 * @param faults what is not as promised, a line each; none: the scenario holds
 * @param skipped why it could not be played here; null: it was
 */
record Verdict(
    String scenario,
    int records,
    int missing,
    int twice,
    int differing,
    Duration recovery,
    int transactionalIds,
    long residentBefore,
    long residentAfter,
    Duration took,
    List<String> faults,
    String skipped) {

  boolean holds() {
    return faults.isEmpty();
  }
}
