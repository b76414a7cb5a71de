// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** What tests of a kind of store have in common beside the contract: where their store is. */
public abstract class AddressedStore {

  /** Address of a store that is new for each test, and then always the same. */
  protected abstract String address();

  /** The store's answer to {@link StoreDescription#store()}. */
  protected final String name() {
    return StoreAddress.parse(address()).toString();
  }

  protected final VectorStore writer() {
    return VectorStore.open(address(), OpenMode.write(0).retrying(RetryPolicy.NONE));
  }

  /** All vectors of a store, page by page. */
  protected static List<StoredVector> scan(VectorStore store, int most) {
    List<StoredVector> all = new ArrayList<>();
    List<StoredVector> page = store.scan(null, most);
    while (!page.isEmpty()) {
      assertThat(page).hasSizeLessThanOrEqualTo(most);
      all.addAll(page);
      page = page.size() < most ? List.of() : store.scan(page.get(page.size() - 1).id(), most);
    }
    return all;
  }
}
