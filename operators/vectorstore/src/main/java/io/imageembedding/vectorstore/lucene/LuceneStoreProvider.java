// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.annotation.Internal;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.VectorStoreProvider;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;

/**
 * {@code lucene:PATH}: a folder on a local disk, made where it does not exist. Options: {@value
 * #EF_SEARCH}, candidates that a search looks at in each segment (default {@value
 * #DEFAULT_EF_SEARCH}), and {@value #RAM_BUFFER_MB}, memory of a writer before it writes a segment
 * (default {@value #DEFAULT_RAM_BUFFER_MB}).
 */
@Internal
public final class LuceneStoreProvider implements VectorStoreProvider {
  static final String EF_SEARCH = "ef-search";
  static final int DEFAULT_EF_SEARCH = 150;
  static final String RAM_BUFFER_MB = "ram-buffer-mb";
  static final int DEFAULT_RAM_BUFFER_MB = 64;

  @Override
  public String scheme() {
    return "lucene";
  }

  @Override
  public void check(StoreAddress address) {
    settings(address);
  }

  @Override
  public VectorStore open(StoreAddress address, OpenMode mode) {
    return LuceneStore.open(settings(address), mode);
  }

  private static LuceneSettings settings(StoreAddress address) {
    address.requireKnown(Set.of(EF_SEARCH, RAM_BUFFER_MB));
    try {
      return new LuceneSettings(
          address.toString(),
          Path.of(address.target()),
          address.metric(),
          address.option(EF_SEARCH, DEFAULT_EF_SEARCH, 1, 10_000),
          address.option(RAM_BUFFER_MB, DEFAULT_RAM_BUFFER_MB, 1, 2000));
    } catch (InvalidPathException e) {
      throw new StoreException(address + " is no path: " + e.getReason(), e);
    }
  }
}
