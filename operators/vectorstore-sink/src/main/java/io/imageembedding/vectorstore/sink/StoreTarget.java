// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.Stores;
import io.imageembedding.vectorstore.VectorStore;
import java.io.Serializable;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store that every subtask of a job opens for itself. */
record StoreTarget(StoreAddress address, CollectionSpec expected, RetryPolicy retry)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreTarget.class);

  /** Refuses an address that cannot be one, before the job is run. */
  static StoreTarget of(String address) {
    StoreAddress parsed = StoreAddress.parse(address);
    Stores.check(parsed);
    return new StoreTarget(parsed, null, RetryPolicy.DEFAULT);
  }

  StoreTarget expecting(CollectionSpec collection) {
    return new StoreTarget(address, checkNotNull(collection, "collection"), retry);
  }

  StoreTarget retrying(RetryPolicy policy) {
    return new StoreTarget(address, expected, checkNotNull(policy, "policy"));
  }

  /**
   * @param subtask the writer's number among those that write in parallel
   * @param onRetry called whenever something failed and is tried again
   */
  VectorStore open(int subtask, Runnable onRetry) {
    OpenMode mode = OpenMode.write(subtask).retrying(retry);
    return Stores.open(address, expected == null ? mode : mode.expecting(expected), onRetry);
  }

  /**
   * Closes a store when its task ends, for whatever reason. That never fails, whatever is thrown:
   * what has to be durable is committed by then, and Flink closes operators inside of its own
   * handling of failures, where another one ends the whole task manager.
   *
   * @param store null if it was not opened
   */
  static void closeAfterCommit(VectorStore store, ExecutorService thread) {
    try {
      // The store first: that ends its waiting for what can pass.
      if (store != null) {
        store.close();
      }
    } catch (Throwable e) {
      LOG.warn(
          "Closing the store failed; what was committed is kept: {}",
          String.valueOf(e instanceof StoreException ? e.getMessage() : e).replaceAll("\\s+", " "));
    } finally {
      thread.shutdownNow();
    }
  }
}
