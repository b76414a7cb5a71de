// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static io.imageembedding.safety.Arguments.checkArgument;
import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Optional;

/**
 * How a store is opened.
 *
 * @param writable whether it can be written to
 * @param shard which of the parallel writers this is, from 0
 * @param expected what the store must hold, and is made for where it is new; where it is empty, a
 *     new store is made for the first vector
 * @param retry how long a failure that can pass is waited for
 */
@PublicEvolving
public record OpenMode(
    boolean writable, int shard, Optional<CollectionSpec> expected, RetryPolicy retry) {

  private static final String MISSING = "there is no store ";

  public OpenMode {
    checkArgument(shard >= 0, "shard is %s; needed: at least 0", shard);
    requireNonNull(expected, "expected");
    requireNonNull(retry, "retry");
  }

  /** To search in it. */
  public static OpenMode read() {
    return new OpenMode(false, 0, Optional.empty(), RetryPolicy.DEFAULT);
  }

  /** To write to it, as one of several writers or the only one. */
  public static OpenMode write(int shard) {
    return new OpenMode(true, shard, Optional.empty(), RetryPolicy.DEFAULT);
  }

  /** Refuses a store that holds something else. */
  public OpenMode expecting(CollectionSpec collection) {
    return new OpenMode(writable, shard, Optional.of(collection), retry);
  }

  /** Waits differently for failures that can pass. */
  public OpenMode retrying(RetryPolicy policy) {
    return new OpenMode(writable, shard, expected, policy);
  }

  /**
   * What a store that is not there yet is made for now, if that is known.
   *
   * @throws StoreException if it is opened to read, and so had to be there
   */
  public Optional<CollectionSpec> forNew(String store) {
    if (!writable) {
      throw missing(store);
    }
    return expected;
  }

  /** The failure to open a store that is not there to read it. */
  public static StoreException missing(String store) {
    return new StoreException(MISSING + store);
  }

  /** Whether that is why a store was not opened. */
  public static boolean isMissing(StoreException failure) {
    return failure.getMessage().startsWith(MISSING);
  }

  /**
   * @throws StoreException if the store holds something else than is expected
   */
  public void requireExpected(String store, CollectionSpec held) {
    expected.ifPresent(wanted -> wanted.requireSame(store, held));
  }

  /**
   * @throws StoreException if the store is opened to read
   */
  public void requireWritable(String store) {
    if (!writable) {
      throw new StoreException(store + " was opened to read only");
    }
  }
}
