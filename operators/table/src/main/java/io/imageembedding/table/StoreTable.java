// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.StoreAddress;
import java.util.List;
import java.util.Optional;

/**
 * What a table says of its store.
 *
 * @param text the address as it was written
 * @param expected what the store must hold, where that is known
 * @param columns that are physical, in the table's order
 */
record StoreTable(
    StoreAddress address,
    String text,
    Optional<CollectionSpec> expected,
    List<StoreColumn> columns) {

  /** Name of the metadata that decides which change of an id is the newest. */
  static final String TIMESTAMP = "timestamp";

  String summary() {
    return "image-embedding-store " + text;
  }
}
