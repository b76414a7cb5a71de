// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.time.Duration;
import java.util.List;

/**
 * What is in the store, and what came last. However many pages ask, the store is asked no more than
 * twice a second, and not for more than a tenth of the time where that takes long.
 */
final class Arrivals {
  /** Most pictures that can be asked for. */
  static final int MOST = 120;

  private static final long LEAST_NANOS = Duration.ofMillis(500).toNanos();
  private static final int SHARE = 10;

  /**
   * The store at one time.
   *
   * @param pictures newest first
   */
  record Snapshot(StoreDescription store, List<StoredVector> pictures) {}

  private final VectorStore store;
  private Snapshot latest;
  private long validUntil;

  Arrivals(VectorStore store) {
    this.store = store;
  }

  synchronized Snapshot latest() {
    long start = System.nanoTime();
    if (latest == null || start - validUntil > 0) {
      latest = new Snapshot(store.describe(), store.newest(MOST));
      long end = System.nanoTime();
      validUntil = end + Math.max(LEAST_NANOS, (SHARE - 1) * (end - start));
    }
    return latest;
  }
}
