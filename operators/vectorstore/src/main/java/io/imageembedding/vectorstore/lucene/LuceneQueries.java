// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.StoredVector;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.util.BytesRef;

/** Vectors by id, by the order of ids, by age, and how many there are. */
final class LuceneQueries {

  private LuceneQueries() {}

  static Optional<StoredVector> get(Snapshot snapshot, String id, CollectionSpec collection)
      throws IOException {
    IdLookup.Found found = snapshot.newest(new BytesRef(id));
    return found == null || found.age().deletes()
        ? Optional.empty()
        : Optional.of(LuceneRows.vector(found.context(), found.doc(), collection));
  }

  /** A page in the order of ids. */
  static List<StoredVector> scan(
      Snapshot snapshot, String after, int most, CollectionSpec collection) throws IOException {
    List<StoredVector> page = new ArrayList<>();
    Terms ids = snapshot.ids();
    if (ids == null || most < 1) {
      return page;
    }
    TermsEnum terms = ids.iterator();
    BytesRef id = after == null ? terms.next() : firstAfter(terms, new BytesRef(after));
    for (; id != null && page.size() < most; id = terms.next()) {
      IdLookup.Found found = snapshot.newest(id);
      if (found != null && !found.age().deletes()) {
        page.add(LuceneRows.vector(found.context(), found.doc(), collection));
      }
    }
    return page;
  }

  private static BytesRef firstAfter(TermsEnum terms, BytesRef id) throws IOException {
    return switch (terms.seekCeil(id)) {
      case END -> null;
      case FOUND -> terms.next();
      case NOT_FOUND -> terms.term();
    };
  }

  /** Newest first. */
  static List<StoredVector> newest(Snapshot snapshot, int most, CollectionSpec collection)
      throws IOException {
    if (most < 1) {
      return List.of();
    }
    IndexSearcher searcher = snapshot.searcher();
    for (int candidates = most; ; candidates *= 2) {
      TopDocs top =
          searcher.search(
              new FieldExistsQuery(LuceneRows.VECTOR), candidates, LuceneRows.NEWEST_FIRST);
      List<StoredVector> newest = vectors(snapshot, top.scoreDocs, most, collection);
      if (newest.size() == most || top.scoreDocs.length < candidates) {
        return newest;
      }
    }
  }

  /** The first of the documents that are what is there under their ids. */
  private static List<StoredVector> vectors(
      Snapshot snapshot, ScoreDoc[] docs, int most, CollectionSpec collection) throws IOException {
    List<StoredVector> vectors = new ArrayList<>();
    for (int i = 0; i < docs.length && vectors.size() < most; i++) {
      StoredVector vector = snapshot.vector(docs[i].doc, collection);
      if (snapshot.isNewest(vector.id(), docs[i].doc)) {
        vectors.add(vector);
      }
    }
    return vectors;
  }

  /** How many vectors there are. */
  static long count(Snapshot snapshot) throws IOException {
    if (!snapshot.hasSeveralShards()) {
      return snapshot.searcher().count(new FieldExistsQuery(LuceneRows.VECTOR));
    }
    Terms ids = snapshot.ids();
    if (ids == null) {
      return 0;
    }
    TermsEnum terms = ids.iterator();
    long count = 0;
    for (BytesRef id = terms.next(); id != null; id = terms.next()) {
      IdLookup.Found newest = snapshot.newest(id);
      if (newest != null && !newest.age().deletes()) {
        count++;
      }
    }
    return count;
  }
}
