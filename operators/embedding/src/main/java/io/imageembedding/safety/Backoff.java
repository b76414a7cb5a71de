// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import io.imageembedding.annotation.Internal;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The time of one thing that is tried until it succeeds: a pause after the first attempt, then one
 * twice as long each time up to a longest, until all of it is over. For one thread.
 *
 * <pre>{@code
 * Backoff backoff = new Backoff(firstPause, longestPause, total);
 * while (true) {
 *   try {
 *     return attempt();
 *   } catch (CanPass e) {
 *     if (!backoff.pause()) {
 *       throw e;
 *     }
 *   }
 * }
 * }</pre>
 */
@Internal
public final class Backoff {
  private final long end;
  private final Duration longest;
  private Duration next;

  /**
   * @param total from now on; what is left of it is the last pause, if that is shorter
   */
  public Backoff(Duration first, Duration longest, Duration total) {
    this.longest = longest;
    next = first.compareTo(longest) <= 0 ? first : longest;
    end = System.nanoTime() + total.toNanos();
  }

  /** What is left of all, 0 when it is over. */
  public Duration left() {
    return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
  }

  /** How long the next pause is, unless less is left. */
  public Duration next() {
    return next;
  }

  /**
   * Waits until the next attempt.
   *
   * @return false, without having waited, where nothing is left
   */
  public boolean pause() throws InterruptedException {
    return pause(new CountDownLatch(1));
  }

  /**
   * Waits until the next attempt.
   *
   * @param givenUp ends the waiting as soon as it is 0
   * @return false if it was given up, or, without having waited, where nothing is left
   */
  public boolean pause(CountDownLatch givenUp) throws InterruptedException {
    Duration left = left();
    if (left.isZero()) {
      return false;
    }
    Duration pause = next.compareTo(left) <= 0 ? next : left;
    next = next.multipliedBy(2).compareTo(longest) <= 0 ? next.multipliedBy(2) : longest;
    return !givenUp.await(pause.toNanos(), TimeUnit.NANOSECONDS);
  }
}
