// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.annotation.Internal;

/** Is told how far a download is: often, and from any thread. */
@FunctionalInterface
@Internal
public interface FetchProgress {

  /** Shows nothing. */
  FetchProgress NONE = (done, total) -> {};

  /**
   * @param done bytes that have come so far; starts anew when a download does
   * @param total bytes that are to come, -1 if that is not known
   */
  void report(long done, long total);
}
