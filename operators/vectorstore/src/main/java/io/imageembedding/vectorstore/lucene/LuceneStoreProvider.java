// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.annotation.Internal;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.VectorStoreProvider;

/**
 * {@code lucene:PATH}: a folder on a local disk, made where it does not exist. Options: {@value
 * LuceneSettings#EF_SEARCH}, candidates that a search looks at in each segment (default {@value
 * LuceneSettings#DEFAULT_EF_SEARCH}), and {@value LuceneSettings#RAM_BUFFER_MB}, memory of a writer
 * before it writes a segment (default {@value LuceneSettings#DEFAULT_RAM_BUFFER_MB}).
 */
@Internal
public final class LuceneStoreProvider implements VectorStoreProvider {

  @Override
  public String scheme() {
    return "lucene";
  }

  @Override
  public String form() {
    return "lucene:PATH";
  }

  @Override
  public void check(StoreAddress address) {
    LuceneSettings.of(address);
  }

  @Override
  public VectorStore open(StoreAddress address, OpenMode mode) {
    return LuceneStore.open(LuceneSettings.of(address), mode);
  }
}
