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
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexNotFoundException;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MergePolicy;
import org.apache.lucene.index.MultiReader;
import org.apache.lucene.index.MultiTerms;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.BytesRef;
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

  private static final String SHARD = "shard-";

  private final LuceneSettings settings;
  private final String name;
  private final CollectionFile collectionFile;
  private final Path ownShard;
  private final ShardWriter writer;

  /** Held while the writer is used. */
  private final ReentrantLock writing = new ReentrantLock();

  /** Readers of the shards that others write, by folder. */
  private final Map<Path, DirectoryReader> others = new TreeMap<>();

  private volatile Optional<CollectionSpec> collection;
  private volatile long refreshedAt = System.nanoTime();
  private volatile boolean refreshWanted;
  private boolean closed;

  private LuceneStore(
      LuceneSettings settings,
      CollectionFile collectionFile,
      Path ownShard,
      ShardWriter writer,
      Optional<CollectionSpec> collection) {
    this.settings = settings;
    this.name = settings.name();
    this.collectionFile = collectionFile;
    this.ownShard = ownShard;
    this.writer = writer;
    this.collection = collection;
  }

  static LuceneStore open(LuceneSettings settings, OpenMode mode) {
    try {
      Path shard = settings.root().resolve(SHARD + mode.shard());
      if (mode.writable()) {
        PrivateFiles.createFolder(settings.root());
        return open(settings, mode, PrivateDirectory.open(shard));
      }
      if (!Files.isDirectory(settings.root())) {
        throw OpenMode.missing(settings.name());
      }
      return open(settings, mode, null);
    } catch (IOException e) {
      throw Failures.of(settings.name(), e);
    }
  }

  /**
   * @param directory of the shard to write to; null to read only
   */
  static LuceneStore open(LuceneSettings settings, OpenMode mode, Directory directory)
      throws IOException {
    String name = settings.name();
    CollectionFile file = new CollectionFile(name, settings.root());
    Optional<CollectionSpec> held = file.read();
    if (held.isEmpty() && mode.expected().isPresent() && mode.writable()) {
      held = Optional.of(file.create(mode.expected().get()));
    }
    if (held.isPresent()) {
      mode.requireExpected(name, held.get());
      held.get().requireMetric(settings.name(), settings.metric());
    }
    if (!mode.writable()) {
      return new LuceneStore(settings, file, null, null, held);
    }
    ShardWriter writer = ShardWriter.open(name, mode.shard(), directory, settings.ramBufferMb());
    try {
      Optional<CollectionSpec> committed = writer.committedCollection();
      if (committed.isPresent()) {
        committed
            .get()
            .requireSame(
                name,
                held.orElseThrow(
                    () -> new StoreException(name + " is damaged: its description is missing")));
      }
    } catch (IOException | RuntimeException e) {
      writer.close();
      throw e;
    }
    return new LuceneStore(
        settings, file, settings.root().resolve(SHARD + mode.shard()), writer, held);
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
            collection = Optional.of(collectionFile.create(first.get()));
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
      throw Failures.of(name, writer.endOf(e));
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
        reader -> {
          if (collection.isEmpty() || k < 1) {
            return List.of();
          }
          ChangeBatch.requireSearchable(vector, collection.get());
          Query query = Documents.query(filter);
          IndexSearcher searcher = new IndexSearcher(reader);
          for (int candidates = Math.max(k, settings.efSearch()); ; candidates *= 2) {
            TopDocs top =
                searcher.search(
                    new KnnFloatVectorQuery(Documents.VECTOR, vector, candidates, query),
                    candidates);
            List<Hit> hits = hits(reader, top.scoreDocs, k);
            if (hits.size() >= k || top.scoreDocs.length < candidates) {
              hits.sort(Hit.NEAREST_FIRST);
              return List.copyOf(hits.subList(0, Math.min(k, hits.size())));
            }
          }
        });
  }

  /** The first k, and those that are as near as the last of them. */
  private static List<Hit> hits(MultiReader reader, ScoreDoc[] docs, int k) throws IOException {
    IdLookup lookup = hasSeveralShards(reader) ? new IdLookup(reader) : null;
    StoredFields storedFields = reader.storedFields();
    List<Hit> hits = new ArrayList<>(k);
    for (ScoreDoc found : docs) {
      float cosine = 2 * found.score - 1;
      if (hits.size() >= k && cosine < hits.get(hits.size() - 1).score()) {
        break;
      }
      Document fields = storedFields.document(found.doc);
      String id = fields.get(Documents.ID);
      if (lookup == null || lookup.newest(new BytesRef(id)).globalDoc() == found.doc) {
        LeafReaderContext leaf =
            reader.leaves().get(ReaderUtil.subIndex(found.doc, reader.leaves()));
        hits.add(
            new Hit(
                id,
                cosine,
                Documents.age(leaf.reader(), found.doc - leaf.docBase).version(),
                Documents.image(fields)));
      }
    }
    return hits;
  }

  @Override
  public Optional<StoredVector> get(String id) {
    return reading(
        reader -> {
          IdLookup.Found found = new IdLookup(reader).newest(new BytesRef(id));
          return found == null || found.age().deletes()
              ? Optional.empty()
              : Optional.of(vector(found.context(), found.doc()));
        });
  }

  @Override
  public List<StoredVector> scan(String after, int most) {
    return reading(
        reader -> {
          List<StoredVector> page = new ArrayList<>();
          Terms ids = MultiTerms.getTerms(reader, Documents.ID);
          if (ids == null || most < 1) {
            return page;
          }
          TermsEnum terms = ids.iterator();
          BytesRef id = after == null ? terms.next() : firstAfter(terms, new BytesRef(after));
          IdLookup lookup = new IdLookup(reader);
          for (; id != null && page.size() < most; id = terms.next()) {
            IdLookup.Found found = lookup.newest(id);
            if (found != null && !found.age().deletes()) {
              page.add(vector(found.context(), found.doc()));
            }
          }
          return page;
        });
  }

  private static BytesRef firstAfter(TermsEnum terms, BytesRef id) throws IOException {
    return switch (terms.seekCeil(id)) {
      case END -> null;
      case FOUND -> terms.next();
      case NOT_FOUND -> terms.term();
    };
  }

  @Override
  public List<StoredVector> newest(int most) {
    return reading(
        reader -> {
          if (most < 1) {
            return List.of();
          }
          IndexSearcher searcher = new IndexSearcher(reader);
          IdLookup lookup = hasSeveralShards(reader) ? new IdLookup(reader) : null;
          for (int candidates = most; ; candidates *= 2) {
            TopDocs top =
                searcher.search(
                    new FieldExistsQuery(Documents.VECTOR), candidates, Documents.NEWEST_FIRST);
            List<StoredVector> newest = vectors(reader, lookup, top.scoreDocs, most);
            if (newest.size() == most || top.scoreDocs.length < candidates) {
              return newest;
            }
          }
        });
  }

  /** The first of the documents that are what is there under their ids. */
  private List<StoredVector> vectors(MultiReader reader, IdLookup lookup, ScoreDoc[] docs, int most)
      throws IOException {
    List<StoredVector> vectors = new ArrayList<>();
    for (int i = 0; i < docs.length && vectors.size() < most; i++) {
      int doc = docs[i].doc;
      LeafReaderContext leaf = reader.leaves().get(ReaderUtil.subIndex(doc, reader.leaves()));
      StoredVector vector = vector(leaf, doc - leaf.docBase);
      if (lookup == null || lookup.newest(new BytesRef(vector.id())).globalDoc() == doc) {
        vectors.add(vector);
      }
    }
    return vectors;
  }

  private StoredVector vector(LeafReaderContext leaf, int doc) throws IOException {
    return Documents.vector(leaf.reader(), doc, collection.orElseThrow());
  }

  @Override
  public StoreDescription describe() {
    return reading(
        reader ->
            new StoreDescription(
                name,
                count(reader),
                collection,
                Map.of(
                    "shards", String.valueOf(reader.getContext().children().size()),
                    "segments", String.valueOf(reader.leaves().size()))));
  }

  private static long count(MultiReader reader) throws IOException {
    if (!hasSeveralShards(reader)) {
      return new IndexSearcher(reader).count(new FieldExistsQuery(Documents.VECTOR));
    }
    Terms ids = MultiTerms.getTerms(reader, Documents.ID);
    if (ids == null) {
      return 0;
    }
    IdLookup lookup = new IdLookup(reader);
    TermsEnum terms = ids.iterator();
    long count = 0;
    for (BytesRef id = terms.next(); id != null; id = terms.next()) {
      IdLookup.Found newest = lookup.newest(id);
      if (newest != null && !newest.age().deletes()) {
        count++;
      }
    }
    return count;
  }

  private static boolean hasSeveralShards(MultiReader reader) {
    return reader.getContext().children().size() > 1;
  }

  private <R> R reading(Reading<R> action) {
    try (MultiReader reader = snapshot()) {
      return action.read(reader);
    } catch (IOException | AlreadyClosedException | ThreadInterruptedException e) {
      throw Failures.of(name, e);
    }
  }

  /** The shards as they are now; what the caller closes is only this view of them. */
  private MultiReader snapshot() throws IOException {
    refreshOwnIfIdle();
    synchronized (this) {
      requireOpen();
      if (collection.isEmpty()) {
        collection = collectionFile.read();
      }
      refreshOthers();
      List<IndexReader> readers = new ArrayList<>(others.values());
      if (writer == null) {
        return new MultiReader(readers.toArray(IndexReader[]::new), false);
      }
      DirectoryReader own = writer.acquireReader();
      try {
        readers.add(own);
        return new MultiReader(readers.toArray(IndexReader[]::new), false);
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

  private void refreshOthers() throws IOException {
    Set<Path> there = new HashSet<>();
    try (DirectoryStream<Path> shards =
        Files.newDirectoryStream(settings.root(), SHARD + "[0-9]*")) {
      for (Path shard : shards) {
        if (!shard.equals(ownShard)) {
          there.add(shard);
          refreshOther(shard);
        }
      }
    }
    for (Path gone : Set.copyOf(others.keySet())) {
      if (!there.contains(gone)) {
        closeOther(others.remove(gone));
      }
    }
  }

  private void refreshOther(Path shard) throws IOException {
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
      throw Failures.of(name, writer == null ? e : writer.endOf(e));
    } finally {
      writing.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void closeAll() throws IOException {
    for (DirectoryReader reader : others.values()) {
      closeOther(reader);
    }
    others.clear();
    if (writer != null) {
      writer.close();
    }
  }

  private static void closeOther(DirectoryReader reader) throws IOException {
    Directory directory = reader.directory();
    reader.close();
    directory.close();
  }

  private interface IoSupplier<R> {
    R get() throws IOException;
  }

  private interface Reading<R> {
    R read(MultiReader reader) throws IOException;
  }

  private interface AutoCloseableIo extends AutoCloseable {
    @Override
    void close() throws IOException;
  }
}
