// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexNotFoundException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;

/** Readers of the shards that others write. Not for several threads. */
final class ShardReaders implements AutoCloseable {
  private final LuceneSettings settings;
  private final Path own;
  private final Map<Path, DirectoryReader> others = new TreeMap<>();

  /**
   * @param own the shard to leave out; null for none
   */
  ShardReaders(LuceneSettings settings, Path own) {
    this.settings = settings;
    this.own = own;
  }

  /** Looks at what the shards have committed, and which there are. */
  Collection<DirectoryReader> refresh() throws IOException {
    Set<Path> there = new HashSet<>();
    try (DirectoryStream<Path> shards = settings.shards()) {
      for (Path shard : shards) {
        if (!shard.equals(own)) {
          there.add(shard);
          refresh(shard);
        }
      }
    }
    for (Path gone : Set.copyOf(others.keySet())) {
      if (!there.contains(gone)) {
        close(others.remove(gone));
      }
    }
    return others.values();
  }

  private void refresh(Path shard) throws IOException {
    DirectoryReader known = others.get(shard);
    if (known != null) {
      DirectoryReader newer = DirectoryReader.openIfChanged(known);
      if (newer != null) {
        others.put(shard, newer);
        known.close();
      }
      return;
    }
    Directory directory = FSDirectory.open(shard);
    try {
      others.put(shard, DirectoryReader.open(directory));
    } catch (IndexNotFoundException e) {
      // Its writer has committed nothing yet.
      directory.close();
    }
  }

  @Override
  public void close() throws IOException {
    for (DirectoryReader reader : others.values()) {
      close(reader);
    }
    others.clear();
  }

  private static void close(DirectoryReader reader) throws IOException {
    Directory directory = reader.directory();
    reader.close();
    directory.close();
  }
}
