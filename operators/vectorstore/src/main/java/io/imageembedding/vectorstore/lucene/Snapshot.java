// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.StoredVector;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MultiReader;
import org.apache.lucene.index.MultiTerms;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Terms;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.util.BytesRef;

/**
 * All shards of a store at one moment, as one; for one thread. What is closed is only this view of
 * them.
 */
final class Snapshot implements AutoCloseable {
  private final MultiReader reader;
  private final int shards;

  /** Made when it is needed first. */
  private IdLookup lookup;

  Snapshot(List<? extends IndexReader> shards) throws IOException {
    this.shards = shards.size();
    reader = new MultiReader(shards.toArray(IndexReader[]::new), false);
  }

  IndexSearcher searcher() {
    return new IndexSearcher(reader);
  }

  StoredFields storedFields() throws IOException {
    return reader.storedFields();
  }

  /** Every id, also of what was deleted; null where there is none. */
  Terms ids() throws IOException {
    return MultiTerms.getTerms(reader, LuceneRows.ID);
  }

  /** Whether nothing was ever written, deletions included. */
  boolean isEmpty() {
    return reader.maxDoc() == 0;
  }

  boolean hasSeveralShards() {
    return shards > 1;
  }

  /** The newest document of an id; see {@link IdLookup#newest}. */
  IdLookup.Found newest(BytesRef id) throws IOException {
    if (lookup == null) {
      lookup = new IdLookup(reader);
    }
    return lookup.newest(id);
  }

  /** Whether a document is what is there under its id. Within a shard there is only one. */
  boolean isNewest(String id, int doc) throws IOException {
    return !hasSeveralShards() || newest(new BytesRef(id)).globalDoc() == doc;
  }

  Age age(int doc) throws IOException {
    LeafReaderContext leaf = leaf(doc);
    return LuceneRows.age(leaf.reader(), doc - leaf.docBase);
  }

  StoredVector vector(int doc, CollectionSpec collection) throws IOException {
    LeafReaderContext leaf = leaf(doc);
    return LuceneRows.vector(leaf, doc - leaf.docBase, collection);
  }

  private LeafReaderContext leaf(int doc) {
    return reader.leaves().get(ReaderUtil.subIndex(doc, reader.leaves()));
  }

  /** For a description of the store. */
  Map<String, String> details() {
    return Map.of(
        "shards", String.valueOf(shards), "segments", String.valueOf(reader.leaves().size()));
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
