// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.StoreException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.LockObtainFailedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one shard, and holds the reader of it that is also right about what is not committed. Not
 * for several threads, but for {@link #acquireReader}.
 */
final class ShardWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShardWriter.class);

  private final String store;
  private final Directory directory;
  private final IndexWriter writer;
  private final LuceneUpsert upsert;
  private DirectoryReader reader;

  private ShardWriter(
      String store, Directory directory, IndexWriter writer, DirectoryReader reader) {
    this.store = store;
    this.directory = directory;
    this.writer = writer;
    upsert = new LuceneUpsert(writer);
    this.reader = reader;
  }

  static ShardWriter open(String store, int shard, Directory directory, int ramBufferMb)
      throws IOException {
    IndexWriterConfig config = new IndexWriterConfig();
    config.setCodec(new WideVectorCodec());
    config.setRAMBufferSizeMB(ramBufferMb);
    config.setCommitOnClose(false);
    // Bundling a segment's files copies its vectors once more, for fewer open files.
    config.setUseCompoundFile(false);
    config.getMergePolicy().setNoCFSRatio(0);
    config.setMergeScheduler(new Merges(store));
    IndexWriter writer;
    try {
      writer = new IndexWriter(directory, config);
    } catch (LockObtainFailedException e) {
      throw StoreException.passing(
          store
              + ": shard "
              + shard
              + " is being written to by another process or store ("
              + e.getMessage()
              + ")",
          e);
    }
    try {
      return new ShardWriter(store, directory, writer, DirectoryReader.open(writer));
    } catch (IOException | RuntimeException e) {
      writer.rollback();
      throw e;
    }
  }

  /** What the last commit says that the shard holds. */
  Optional<CollectionSpec> committedCollection() throws IOException {
    Map<String, String> data = reader.getIndexCommit().getUserData();
    return data.isEmpty() ? Optional.empty() : Optional.of(LuceneSchema.decode(store, data));
  }

  /** Writes those changes that are newer than what the shard has; how many. */
  int write(List<Change> changes) throws IOException {
    int written = upsert.execute(reader, changes);
    if (upsert.isFarAhead()) {
      refresh();
    }
    return written;
  }

  /** Whether the reader lags behind. */
  boolean isDirty() {
    return upsert.isAhead();
  }

  void refresh() throws IOException {
    DirectoryReader newer = DirectoryReader.openIfChanged(reader, writer);
    if (newer != null) {
      synchronized (this) {
        reader.decRef();
        reader = newer;
      }
    }
    upsert.forget();
  }

  void commit(CollectionSpec collection) throws IOException {
    if (writer.hasUncommittedChanges()) {
      writer.setLiveCommitData(LuceneSchema.encode(collection).entrySet());
      writer.commit();
    }
    refresh();
  }

  void mergeAll() throws IOException {
    writer.forceMerge(1);
  }

  /** The reader as it is now, for any thread, which has to give it back by {@code decRef}. */
  synchronized DirectoryReader acquireReader() {
    reader.incRef();
    return reader;
  }

  /** The failure after which nothing can be written any more, if there was one. */
  Throwable endOf(Throwable failure) {
    Throwable tragic = writer.getTragicException();
    return tragic == null ? failure : tragic;
  }

  /** Gives up what is not committed. */
  @Override
  public synchronized void close() throws IOException {
    try {
      reader.decRef();
    } finally {
      try {
        writer.rollback();
      } finally {
        directory.close();
      }
    }
  }

  /** Merges beside the writer, which after a failed one answers every call with that failure. */
  private static final class Merges extends ConcurrentMergeScheduler {
    private final String store;

    private Merges(String store) {
      this.store = store;
    }

    @Override
    protected void handleMergeException(Throwable failure) {
      LOG.warn("Merging segments of {} failed: {}", store, failure.toString());
    }
  }
}
