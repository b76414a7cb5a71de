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
public final class BareIndexing implements AutoCloseable {
  private final Directory directory;
  private final IndexWriter writer;

  public BareIndexing(Path folder) throws IOException {
    IndexWriterConfig config = new IndexWriterConfig();
    config.setCodec(new WideVectorCodec());
    config.setRAMBufferSizeMB(LuceneSettings.DEFAULT_RAM_BUFFER_MB);
    config.setUseCompoundFile(false);
    config.getMergePolicy().setNoCFSRatio(0);
    directory = FSDirectory.open(folder);
    writer = new IndexWriter(directory, config);
  }

  /** Indexes a batch. */
  public void upsert(List<StoredVector> batch) throws IOException {
    for (StoredVector vector : batch) {
      writer.updateDocument(LuceneRows.id(vector.id()), LuceneRows.of(vector, 0));
    }
  }

  /** Makes it durable. */
  public void commit() throws IOException {
    writer.commit();
  }

  @Override
  public void close() throws IOException {
    writer.close();
    directory.close();
  }
}
