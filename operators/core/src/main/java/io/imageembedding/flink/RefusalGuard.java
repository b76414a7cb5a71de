// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.apache.flink.util.Preconditions.checkArgument;

import java.io.Serializable;
import java.util.Set;
import org.apache.flink.annotation.PublicEvolving;

/**
 * Fails a job whose images are refused too often, for a producer that sends nothing but rubbish is
 * better stopped than turned into dead letters. Each parallel instance looks at its own last
 * images; they are forgotten when the job is restored.
 *
 * @param largestShare part of the last images that may be refused, from 0 to below 1
 * @param window how many last images that is a part of, 1 to {@value #LARGEST_WINDOW}
 * @param uncounted codes of refusals that do not count
 */
@PublicEvolving
public record RefusalGuard(double largestShare, int window, Set<String> uncounted)
    implements Serializable {

  static final int LARGEST_WINDOW = 1_000_000;

  public RefusalGuard {
    checkArgument(
        largestShare >= 0 && largestShare < 1,
        "largestShare is %s; needed: from 0 to below 1",
        largestShare);
    checkArgument(
        window >= 1 && window <= LARGEST_WINDOW,
        "window is %s; needed: 1 to " + LARGEST_WINDOW,
        window);
    uncounted = Set.copyOf(uncounted);
  }
}
