// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.Change;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.util.BytesRef;

/**
 * Writes of batches what is newer than what a shard has. That is looked up in a reader, and for
 * what was written since it was opened in a map: opening one for each batch would write a segment
 * for each. Not for several threads.
 */
final class LuceneUpsert {

  /** Ids that are remembered until the reader is opened anew; some 200 bytes each. */
  private static final int MOST_REMEMBERED = 50_000;

  private final IndexWriter writer;
  private final Map<String, Age> sinceReader = new HashMap<>();

  LuceneUpsert(IndexWriter writer) {
    this.writer = writer;
  }

  /**
   * Writes the changes, of which no two are to the same id.
   *
   * @param reader the same as last time, or one that was opened after {@link #forget}
   * @return how many of them were newer than what the shard had
   */
  int execute(IndexReader reader, List<Change> changes) throws IOException {
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
        writer.updateDocument(LuceneRows.id(change.id()), LuceneRows.of(change, age.tieBreak()));
        sinceReader.put(change.id(), age);
        written++;
      }
    }
    return written;
  }

  /** Whether the reader lags behind. */
  boolean isAhead() {
    return !sinceReader.isEmpty();
  }

  /** Whether the reader has to be opened anew, as so much is remembered. */
  boolean isFarAhead() {
    return sinceReader.size() > MOST_REMEMBERED;
  }

  /** Says that the reader has everything that was written. */
  void forget() {
    sinceReader.clear();
  }
}
