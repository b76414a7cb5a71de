// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import java.util.List;

/**
 * What became of a batch; every change is counted once.
 *
 * @param written changes that are in the store now
 * @param stale changes that left it as it was: the store, or the batch itself, had the same or a
 *     newer version
 * @param refused changes that no store takes, in the order of the batch
 */
@PublicEvolving
public record WriteResult(int written, int stale, List<RefusedChange> refused) {

  public WriteResult {
    refused = List.copyOf(refused);
  }
}
