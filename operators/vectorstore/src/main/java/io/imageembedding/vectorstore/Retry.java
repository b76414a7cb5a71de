// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries again what failed in a way that can pass, until it is over or closed. */
final class Retry {
  private static final Logger LOG = LoggerFactory.getLogger(Retry.class);

  private final RetryPolicy policy;
  private final Runnable onRetry;
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * @param onRetry called before each further attempt
   */
  Retry(RetryPolicy policy, Runnable onRetry) {
    this.policy = policy;
    this.onRetry = onRetry;
  }

  <R> R call(Supplier<R> action) {
    long deadline = System.nanoTime() + policy.total().toNanos();
    long pause = policy.firstPause().toMillis();
    for (int attempt = 1; ; attempt++) {
      try {
        return action.get();
      } catch (StoreException e) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (!e.canPass() || left <= 0 || pausedUntilClosed(Math.min(pause, left))) {
          throw e;
        }
        LOG.warn("Attempt {} failed and is tried again: {}", attempt, e.getMessage());
        onRetry.run();
        pause = Math.min(2 * pause, policy.longestPause().toMillis());
      }
    }
  }

  private boolean pausedUntilClosed(long millis) {
    try {
      return closed.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** Ends every pause; nothing is tried again any more. */
  void close() {
    closed.countDown();
  }
}
