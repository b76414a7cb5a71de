// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.safety.PrivateFiles;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.MergePolicy;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.util.ThreadInterruptedException;

/**
 * A folder with one Lucene index for each parallel writer, {@code shard-0} and so on. A search
 * looks at all of them. An id may lie in several shards, where messages of one id reached several
 * writers or their number changed; then the newest of all is what is there, as if it were one.
 *
 * <p>What was committed survives whatever happens to the process; what was not is gone with it.
 */
final class LuceneStore implements VectorStore {

  /** How long a search may not see what this store has written. */
  private static final Duration VISIBLE_AFTER = Duration.ofSeconds(1);

  private final LuceneSettings settings;
  private final String name;
  private final LuceneSchema schema;
  private final ShardWriter writer;

  /** Held while the writer is used. */
  private final ReentrantLock writing = new ReentrantLock();

  private final LuceneSearch search;
  private final ShardReaders others;

  private volatile Optional<CollectionSpec> collection;
  private volatile long refreshedAt = System.nanoTime();
  private volatile boolean refreshWanted;
  private boolean closed;

  private LuceneStore(
      LuceneSettings settings,
      LuceneSchema schema,
      ShardWriter writer,
      ShardReaders others,
      Optional<CollectionSpec> collection) {
    this.settings = settings;
    this.name = settings.name();
    this.schema = schema;
    this.writer = writer;
    this.others = others;
    search = new LuceneSearch(settings);
    this.collection = collection;
  }

  static LuceneStore open(LuceneSettings settings, OpenMode mode) {
    try {
      Path shard = settings.shard(mode.shard());
      if (mode.writable()) {
        PrivateFiles.createFolder(settings.root());
        return open(settings, mode, PrivateDirectory.open(shard));
      }
      if (!Files.isDirectory(settings.root())) {
        throw OpenMode.missing(settings.name());
      }
      return open(settings, mode, null);
    } catch (IOException e) {
      throw LuceneFailures.of(settings.name(), e);
    }
  }

  /**
   * @param directory of the shard to write to; null to read only
   */
  static LuceneStore open(LuceneSettings settings, OpenMode mode, Directory directory)
      throws IOException {
    String name = settings.name();
    LuceneSchema schema = new LuceneSchema(name, settings.root());
    Optional<CollectionSpec> held = schema.read();
    if (held.isEmpty() && mode.expected().isPresent() && mode.writable()) {
      held = Optional.of(schema.create(mode.expected().get()));
    }
    if (held.isPresent()) {
      mode.requireExpected(name, held.get());
      held.get().requireMetric(settings.name(), settings.metric());
    }
    if (!mode.writable()) {
      return new LuceneStore(settings, schema, null, new ShardReaders(settings, null), held);
    }
    ShardWriter writer = ShardWriter.open(name, mode.shard(), directory, settings.ramBufferMb());
    try {
      Optional<CollectionSpec> committed = writer.committedCollection();
      if (committed.isPresent()) {
        committed.get().requireSame(name, held.orElseThrow(() -> LuceneSchema.missing(name)));
      }
    } catch (IOException | RuntimeException e) {
      writer.close();
      throw e;
    }
    ShardReaders others = new ShardReaders(settings, settings.shard(mode.shard()));
    return new LuceneStore(settings, schema, writer, others, held);
  }

  @Override
  public WriteResult write(List<? extends Change> changes) {
    return whileWriting(
        () -> {
          if (collection.isEmpty()) {
            Optional<CollectionSpec> first =
                ChangeBatch.collectionOf(name, changes, settings.metric());
            if (first.isEmpty()) {
              return ChangeBatch.allRefused(changes, settings.metric());
            }
            collection = Optional.of(schema.create(first.get()));
          }
          ChangeBatch batch = ChangeBatch.of(changes, collection.get());
          int written = writer.write(batch.newest());
          if (refreshWanted) {
            refreshOwn();
          }
          return batch.result(written);
        });
  }

  @Override
  public void commit() {
    if (collection.isEmpty()) {
      return;
    }
    whileWriting(
        () -> {
          commitOwn();
          return null;
        });
  }

  private void commitOwn() throws IOException {
    writer.commit(collection.orElseThrow());
    refreshOwn();
  }

  @Override
  public void optimize() {
    whileWriting(
        () -> {
          writer.mergeAll();
          return null;
        });
    commit();
  }

  private <R> R whileWriting(IoSupplier<R> action) {
    if (writer == null) {
      throw new StoreException(name + " was opened to read only");
    }
    writing.lock();
    try {
      requireOpen();
      return action.get();
    } catch (IOException
        | IllegalStateException
        | MergePolicy.MergeException
        | ThreadInterruptedException e) {
      throw LuceneFailures.of(name, writer.endOf(e));
    } finally {
      writing.unlock();
    }
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new StoreException(name + " is closed");
    }
  }

  @Override
  public List<Hit> search(float[] vector, int k, Filter filter) {
    return reading(
        snapshot -> {
          if (collection.isEmpty() || k < 1) {
            return List.of();
          }
          ChangeBatch.requireSearchable(vector, collection.get());
          return search.nearest(snapshot, vector, k, filter);
        });
  }

  @Override
  public Optional<StoredVector> get(String id) {
    return reading(
        snapshot ->
            collection.isEmpty()
                ? Optional.empty()
                : LuceneQueries.get(snapshot, id, collection.get()));
  }

  @Override
  public List<StoredVector> scan(String after, int most) {
    return reading(
        snapshot ->
            collection.isEmpty()
                ? List.of()
                : LuceneQueries.scan(snapshot, after, most, collection.get()));
  }

  @Override
  public List<StoredVector> newest(int most) {
    return reading(
        snapshot ->
            collection.isEmpty()
                ? List.of()
                : LuceneQueries.newest(snapshot, most, collection.get()));
  }

  @Override
  public StoreDescription describe() {
    return reading(
        snapshot ->
            new StoreDescription(
                name, LuceneQueries.count(snapshot), collection, snapshot.details()));
  }

  private <R> R reading(Reading<R> action) {
    try (Snapshot snapshot = snapshot()) {
      requireDescription(snapshot);
      return action.read(snapshot);
    } catch (IOException | AlreadyClosedException | ThreadInterruptedException e) {
      throw LuceneFailures.of(name, e);
    }
  }

  /** Who made the store wrote its description first. */
  private void requireDescription(Snapshot snapshot) throws IOException {
    if (!snapshot.isEmpty() && description().isEmpty()) {
      throw LuceneSchema.missing(name);
    }
  }

  private synchronized Optional<CollectionSpec> description() throws IOException {
    if (collection.isEmpty()) {
      collection = schema.read();
    }
    return collection;
  }

  private Snapshot snapshot() throws IOException {
    refreshOwnIfIdle();
    synchronized (this) {
      requireOpen();
      description();
      List<DirectoryReader> readers = new ArrayList<>(others.refresh());
      if (writer == null) {
        return new Snapshot(readers);
      }
      DirectoryReader own = writer.acquireReader();
      try {
        readers.add(own);
        return new Snapshot(readers);
      } finally {
        own.decRef();
      }
    }
  }

  /** A search does not wait for a batch that is being written: that one refreshes at its end. */
  private void refreshOwnIfIdle() throws IOException {
    if (writer == null || System.nanoTime() - refreshedAt < VISIBLE_AFTER.toNanos()) {
      return;
    }
    if (!writing.tryLock()) {
      refreshWanted = true;
      return;
    }
    try {
      refreshOwn();
    } finally {
      writing.unlock();
    }
  }

  private void refreshOwn() throws IOException {
    if (writer.isDirty()) {
      writer.refresh();
    }
    refreshedAt = System.nanoTime();
    refreshWanted = false;
  }

  /** A thread that is interrupted commits no more, but still gives the lock free. */
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    writing.lock();
    try {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
      try (AutoCloseableIo closing = this::closeAll) {
        if (writer != null && !interrupted && collection.isPresent()) {
          commitOwn();
        }
      }
    } catch (IOException
        | IllegalStateException
        | MergePolicy.MergeException
        | ThreadInterruptedException e) {
      throw LuceneFailures.of(name, writer == null ? e : writer.endOf(e));
    } finally {
      writing.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void closeAll() throws IOException {
    others.close();
    if (writer != null) {
      writer.close();
    }
  }

  private interface IoSupplier<R> {
    R get() throws IOException;
  }

  private interface Reading<R> {
    R read(Snapshot snapshot) throws IOException;
  }

  private interface AutoCloseableIo extends AutoCloseable {
    @Override
    void close() throws IOException;
  }
}
