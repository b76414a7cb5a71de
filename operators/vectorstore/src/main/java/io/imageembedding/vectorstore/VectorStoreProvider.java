// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;

/**
 * A kind of store, named in {@code META-INF/services} of the artifact that has it. Nothing else has
 * to know of it.
 */
@PublicEvolving
public interface VectorStoreProvider {

  /** What its addresses begin with, without the colon. */
  String scheme();

  /**
   * How a person writes an address, with words in capitals for what is theirs: {@code lucene:PATH}.
   * Messages and help are made of it. An option that names the store is called {@code table} or
   * {@code collection}.
   */
  String form();

  /**
   * Refuses an address that cannot be one of such a store, without asking anybody.
   *
   * @throws StoreException saying what is wrong and what is allowed
   */
  void check(StoreAddress address);

  /**
   * Opens a store. Failures that can pass are thrown as such ({@link StoreException#passing}), here
   * and by the store's methods: the caller tries again.
   */
  VectorStore open(StoreAddress address, OpenMode mode);
}
