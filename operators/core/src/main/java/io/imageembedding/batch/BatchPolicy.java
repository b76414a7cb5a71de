// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import java.io.Serializable;
import java.time.Duration;

/**
 * When a micro-batch is closed: at the first of three limits.
 *
 * @param maxCount most elements in a batch, at least 1
 * @param maxBytes most bytes in a batch, as {@link ElementSize} counts them; an element that is
 *     larger by itself forms a batch of its own
 * @param maxAge longest processing time that the first element waits, at least a millisecond
 */
public record BatchPolicy(int maxCount, long maxBytes, Duration maxAge) implements Serializable {

  /** 8 elements, 32 MiB, 100 ms: batches over 8 images make the network slower per image. */
  public static final BatchPolicy DEFAULT = new BatchPolicy(8, 32L << 20, Duration.ofMillis(100));

  public BatchPolicy {
    if (maxCount < 1) {
      throw new IllegalArgumentException("maxCount must be at least 1, not " + maxCount);
    }
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1, not " + maxBytes);
    }
    if (maxAge.toMillis() < 1) {
      throw new IllegalArgumentException("maxAge must be at least 1 ms, not " + maxAge);
    }
  }
}
