// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static io.imageembedding.safety.Arguments.checkArgument;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.time.Duration;

/**
 * How a failure that can pass is tried again: after a first pause, then after twice as long each
 * time up to a longest pause, until a total is over.
 */
@PublicEvolving
public record RetryPolicy(Duration firstPause, Duration longestPause, Duration total)
    implements Serializable {

  /** 100 ms, 5 s, one minute. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(5), Duration.ofMinutes(1));

  /** Nothing is tried again. */
  public static final RetryPolicy NONE =
      new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(1), Duration.ZERO);

  public RetryPolicy {
    checkArgument(firstPause.toMillis() >= 1, "firstPause is %s; needed: from 1 ms", firstPause);
    checkArgument(
        longestPause.compareTo(firstPause) >= 0,
        "longestPause is %s; needed: at least firstPause",
        longestPause);
    checkArgument(!total.isNegative(), "total is %s; needed: not negative", total);
  }
}
