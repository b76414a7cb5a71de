// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Age;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;

/** Finds the newest document of an id; for one thread. */
final class IdLookup {
  private final List<Leaf> leaves = new ArrayList<>();

  IdLookup(IndexReader reader) throws IOException {
    for (LeafReaderContext context : reader.leaves()) {
      Terms terms = context.reader().terms(LuceneRows.ID);
      if (terms != null) {
        leaves.add(new Leaf(context, terms.iterator(), context.reader().getLiveDocs()));
      }
    }
  }

  /** Null if there is none; one that stands for a deletion is found, too. */
  Found newest(BytesRef id) throws IOException {
    Found newest = null;
    for (Leaf leaf : leaves) {
      if (leaf.terms.seekExact(id)) {
        PostingsEnum postings = leaf.terms.postings(null, PostingsEnum.NONE);
        for (int doc = postings.nextDoc();
            doc != DocIdSetIterator.NO_MORE_DOCS;
            doc = postings.nextDoc()) {
          if (leaf.live == null || leaf.live.get(doc)) {
            Age age = LuceneRows.age(leaf.context.reader(), doc);
            if (newest == null || age.compareTo(newest.age) > 0) {
              newest = new Found(leaf.context, doc, age);
            }
          }
        }
      }
    }
    return newest;
  }

  private record Leaf(LeafReaderContext context, TermsEnum terms, Bits live) {}

  record Found(LeafReaderContext context, int doc, Age age) {
    int globalDoc() {
      return context.docBase + doc;
    }
  }
}
