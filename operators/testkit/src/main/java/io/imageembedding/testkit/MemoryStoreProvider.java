// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import io.imageembedding.annotation.Internal;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.VectorStoreProvider;
import java.util.Set;

/** {@code memory:NAME}: a {@link MemoryStore}, of this process. */
@Internal
public final class MemoryStoreProvider implements VectorStoreProvider {

  @Override
  public String scheme() {
    return MemoryStore.SCHEME;
  }

  @Override
  public String form() {
    return MemoryStore.SCHEME + ":NAME";
  }

  @Override
  public void check(StoreAddress address) {
    address.requireKnown(Set.of());
    address.metric();
  }

  @Override
  public VectorStore open(StoreAddress address, OpenMode mode) {
    check(address);
    return new OpenMemoryStore(MemoryStore.named(address.target()), mode, address.metric());
  }
}
