// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.annotation.Internal;
import io.imageembedding.embedding.Outcome;

/** Hears what an {@link ImageEmbedder} does; called by the thread that embeds. */
@Internal
public interface EmbedListener {

  /** The model is loaded and warm, after so many nanoseconds. */
  default void modelLoaded(long nanos) {}

  /** An image is in the input tensor, after so many nanoseconds. */
  default void decoded(long nanos) {}

  /** The model has run once, for so many nanoseconds. */
  default void inferred(long nanos) {}

  /** An image was looked for in the cache, and was known or not. */
  default void lookedUp(boolean known) {}

  /** An image has its answer. */
  default void answered(Outcome outcome) {}
}
