// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;

/** An address of a Lucene store, read. */
record LuceneSettings(String name, Path root, Similarity metric, int efSearch, int ramBufferMb) {
  static final String EF_SEARCH = "ef-search";
  static final int DEFAULT_EF_SEARCH = 150;
  static final String RAM_BUFFER_MB = "ram-buffer-mb";
  static final int DEFAULT_RAM_BUFFER_MB = 64;

  private static final String SHARD = "shard-";

  static LuceneSettings of(StoreAddress address) {
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

  /** The folder of one of the parallel writers. */
  Path shard(int number) {
    return root.resolve(SHARD + number);
  }

  /** The folders of all writers that there were. */
  DirectoryStream<Path> shards() throws IOException {
    return Files.newDirectoryStream(root, SHARD + "[0-9]*");
  }
}
