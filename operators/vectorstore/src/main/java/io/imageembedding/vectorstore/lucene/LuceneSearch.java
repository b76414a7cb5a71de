// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;

/**
 * The images of a store that are nearest to a vector. Where so many candidates were not the newest
 * of their ids that too few are left, twice as many are asked for.
 */
final class LuceneSearch {
  private final LuceneSettings settings;

  LuceneSearch(LuceneSettings settings) {
    this.settings = settings;
  }

  /** At most {@code k} of those that meet the filter, nearest first. */
  List<Hit> nearest(Snapshot snapshot, float[] vector, int k, Filter filter) throws IOException {
    Query query = LuceneRows.query(filter);
    IndexSearcher searcher = snapshot.searcher();
    for (int candidates = Math.max(k, settings.efSearch()); ; candidates *= 2) {
      TopDocs top =
          searcher.search(
              new KnnFloatVectorQuery(LuceneRows.VECTOR, vector, candidates, query), candidates);
      List<Hit> hits = hits(snapshot, top.scoreDocs, k);
      if (hits.size() >= k || top.scoreDocs.length < candidates) {
        hits.sort(Hit.NEAREST_FIRST);
        return List.copyOf(hits.subList(0, Math.min(k, hits.size())));
      }
    }
  }

  /** The first k, and those that are as near as the last of them. */
  private static List<Hit> hits(Snapshot snapshot, ScoreDoc[] docs, int k) throws IOException {
    StoredFields storedFields = snapshot.storedFields();
    List<Hit> hits = new ArrayList<>(k);
    for (ScoreDoc found : docs) {
      float cosine = 2 * found.score - 1;
      if (hits.size() >= k && cosine < hits.get(hits.size() - 1).score()) {
        break;
      }
      Document fields = storedFields.document(found.doc);
      String id = fields.get(LuceneRows.ID);
      if (snapshot.isNewest(id, found.doc)) {
        hits.add(new Hit(id, cosine, snapshot.age(found.doc).version(), LuceneRows.image(fields)));
      }
    }
    return hits;
  }
}
