// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.safety.Backoff;
import java.util.concurrent.CountDownLatch;
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
    Backoff backoff = new Backoff(policy.firstPause(), policy.longestPause(), policy.total());
    for (int attempt = 1; ; attempt++) {
      try {
        return action.get();
      } catch (StoreException e) {
        if (!e.canPass() || !paused(backoff)) {
          throw e;
        }
        LOG.warn("Attempt {} failed and is tried again: {}", attempt, e.getMessage());
        onRetry.run();
      }
    }
  }

  private boolean paused(Backoff backoff) {
    try {
      return backoff.pause(closed);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Ends every pause; nothing is tried again any more. */
  void close() {
    closed.countDown();
  }
}
