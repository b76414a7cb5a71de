// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.annotation.Internal;
import io.imageembedding.embedding.Outcome;

/** Hears what an {@link ImageEmbedder} does; called by the thread that embeds. */
@Internal
public interface EmbedListener {

  /**
   * The model is loaded and warm.
   *
   * @param startMillis when that began, since 1970
   * @param readNanos from there until its files were here, read and checked; 0 where the model does
   *     not say it
   * @param provenNanos from there until it was in memory, and proven
   * @param warmNanos from there until it had run for the smallest and the largest batch
   */
  default void modelLoaded(long startMillis, long readNanos, long provenNanos, long warmNanos) {}

  /** An image was given up, because decoding it took longer than is allowed. */
  default void gaveUp() {}

  /** An image is in the input tensor, after so many nanoseconds. */
  default void decoded(long nanos) {}

  /** The model has run once, for so many nanoseconds. */
  default void inferred(long nanos) {}

  /** An image was looked for in the cache, and was known or not. */
  default void lookedUp(boolean known) {}

  /** The cache holds so many answers, of so many bytes. */
  default void cached(int entries, long bytes) {}

  /** An image has its answer. */
  default void answered(Outcome outcome) {}
}
