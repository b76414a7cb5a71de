// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.StoredVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;

/**
 * What the store's speed is measured against: a loop over {@link IndexWriter#updateDocument} with
 * the same documents, codec and memory.
 */
public final class BareIndexing {
  private BareIndexing() {}

  /**
   * Indexes batches.
   *
   * @param commit how many batches are committed at once
   * @return seconds
   */
  public static double load(Path folder, List<List<StoredVector>> batches, int commit)
      throws IOException {
    IndexWriterConfig config = new IndexWriterConfig();
    config.setCodec(new WideVectorCodec());
    config.setRAMBufferSizeMB(LuceneStoreProvider.DEFAULT_RAM_BUFFER_MB);
    config.setUseCompoundFile(false);
    config.getMergePolicy().setNoCFSRatio(0);
    long start = System.nanoTime();
    try (Directory directory = FSDirectory.open(folder);
        IndexWriter writer = new IndexWriter(directory, config)) {
      int written = 0;
      for (List<StoredVector> batch : batches) {
        for (StoredVector vector : batch) {
          writer.updateDocument(Documents.id(vector.id()), Documents.of(vector, 0));
        }
        if (++written % commit == 0) {
          writer.commit();
        }
      }
      writer.commit();
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
