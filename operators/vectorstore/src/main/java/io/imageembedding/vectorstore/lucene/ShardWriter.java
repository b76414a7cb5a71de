// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.lucene.Documents.Age;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.LockObtainFailedException;
import org.apache.lucene.util.BytesRef;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one shard, and holds the reader of it that is also right about what is not committed.
 * Which version an id has is looked up in that reader, and for what was written since it was opened
 * in a map: opening one for each batch would write a segment for each. Not for several threads, but
 * for {@link #acquireReader}.
 */
final class ShardWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShardWriter.class);

  /** Ids that are remembered until the reader is opened anew; some 200 bytes each. */
  private static final int MOST_REMEMBERED = 50_000;

  private final String store;
  private final Directory directory;
  private final IndexWriter writer;
  private final Map<String, Age> sinceReader = new HashMap<>();
  private DirectoryReader reader;

  private ShardWriter(
      String store, Directory directory, IndexWriter writer, DirectoryReader reader) {
    this.store = store;
    this.directory = directory;
    this.writer = writer;
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
    return data.isEmpty() ? Optional.empty() : Optional.of(CollectionFile.decode(store, data));
  }

  /** Writes those changes that are newer than what the shard has; how many. */
  int write(List<Change> changes) throws IOException {
    IdLookup lookup = new IdLookup(reader);
    int written = 0;
    for (Change change : changes) {
      Age known = sinceReader.get(change.id());
      if (known == null) {
        IdLookup.Found found = lookup.newest(new BytesRef(change.id()));
        known = found == null ? null : found.age();
      }
      Age age = Age.of(change);
      if (known == null || age.compareTo(known) > 0) {
        writer.updateDocument(Documents.id(change.id()), Documents.of(change, age.tieBreak()));
        sinceReader.put(change.id(), age);
        written++;
      }
    }
    if (sinceReader.size() > MOST_REMEMBERED) {
      refresh();
    }
    return written;
  }

  /** Whether the reader lags behind. */
  boolean isDirty() {
    return !sinceReader.isEmpty();
  }

  void refresh() throws IOException {
    DirectoryReader newer = DirectoryReader.openIfChanged(reader, writer);
    if (newer != null) {
      synchronized (this) {
        reader.decRef();
        reader = newer;
      }
    }
    sinceReader.clear();
  }

  void commit(CollectionSpec collection) throws IOException {
    if (writer.hasUncommittedChanges()) {
      writer.setLiveCommitData(CollectionFile.encode(collection).entrySet());
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
