// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.index;

import io.imageembedding.cli.topic.TopicReader;
import io.imageembedding.cli.topic.TopicReader.Letter;
import io.imageembedding.cli.topic.TopicReader.Message;
import io.imageembedding.cli.topic.TopicReader.Tombstone;
import io.imageembedding.cli.topic.TopicReader.Unreadable;
import io.imageembedding.cli.topic.TopicReader.Vector;
import io.imageembedding.jobs.RecordVectors;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import me.tongfei.progressbar.ProgressBar;
import org.apache.flink.annotation.Internal;

/**
 * Puts the embeddings of a topic into a store under their ids, and deletes what tombstones delete.
 * The version of each is that of the image it was made of, so the order in which it is done, and
 * how often, makes no difference.
 */
@Internal
public final class TopicIndexer implements TopicReader.Sink {
  private static final int WRITTEN_AT_ONCE = 128;
  private static final Duration COMMITTED_AFTER = Duration.ofSeconds(5);

  private final VectorStore store;
  private final Indexing indexing;
  private final ProgressBar progress;
  private final boolean follows;
  private final List<StoredVector> vectors = new ArrayList<>();
  private final List<Deletion> deletions = new ArrayList<>();
  private boolean knowsItsVectors;
  private long messages;
  private long deleted;
  private long committedAt = System.nanoTime();

  public TopicIndexer(VectorStore store, Indexing indexing, ProgressBar progress, boolean follows) {
    this.store = store;
    this.indexing = indexing;
    this.progress = progress;
    this.follows = follows;
    knowsItsVectors = store.describe().collection().isPresent();
  }

  @Override
  public boolean accept(Message message) {
    messages++;
    if (message.content() instanceof Vector vector) {
      StoredVector stored = RecordVectors.of(vector.record());
      if (stored.version().topic().isEmpty()) {
        // As vectors of files of this machine have it, which no topic can know of.
        indexing.refused("message " + message.place(), "it names no message that it was made of");
      } else {
        vectors.add(stored);
      }
    } else if (message.content() instanceof Tombstone tombstone) {
      if (tombstone.id() == null) {
        indexing.refused("message " + message.place(), "it has no value, and its key is no id");
      } else {
        deletions.add(new Deletion(tombstone.id(), new Version(tombstone.source())));
      }
    } else if (message.content() instanceof Letter) {
      indexing.refused(
          "message " + message.place(), "a dead letter: " + message.answer().summary());
    } else if (message.content() instanceof Unreadable unreadable) {
      indexing.refused("message " + message.place(), "it " + unreadable.reason());
    }
    if (vectors.size() + deletions.size() >= WRITTEN_AT_ONCE) {
      write();
    }
    return true;
  }

  /** Vectors first: they say what a new store is for; until then there is nothing to delete. */
  private void write() {
    indexing.write(vectors);
    vectors.clear();
    knowsItsVectors = knowsItsVectors || store.describe().collection().isPresent();
    if (knowsItsVectors) {
      long before = indexing.written();
      indexing.write(deletions);
      deleted += indexing.written() - before;
      deletions.clear();
    }
  }

  @Override
  public void progress(long read, long all) {
    progress.maxHint(all);
    progress.stepTo(read);
    boolean isDue = System.nanoTime() - committedAt > COMMITTED_AFTER.toNanos();
    if (isDue || follows && read == all) {
      commit();
    }
  }

  private void commit() {
    write();
    store.commit();
    committedAt = System.nanoTime();
  }

  /** Makes everything durable. */
  public void finish() {
    commit();
    // Of a store that is still new, there was nothing to delete.
    indexing.unchanged(deletions.size());
    deletions.clear();
  }

  public long messages() {
    return messages;
  }

  public long deleted() {
    return deleted;
  }
}
