// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.embedding.Cosine;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.service.vector.request.SearchReq;
import io.milvus.v2.service.vector.request.data.FloatVec;
import io.milvus.v2.service.vector.response.SearchResp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * The rows of a collection that are nearest to a vector. They are found by the index; where that
 * ends before it has found as many as it was to look at, though more meet the filter, all that meet
 * it are compared.
 *
 * <p>A server does that by itself. Milvus Lite 3.2 does not: its graph is left after as many rows
 * as {@code ef} says, whether they meet the filter or not.
 */
final class MilvusSearch {
  private static final List<String> OF_COMPARISON =
      List.of(MilvusSchema.ID, MilvusSchema.EMBEDDING);

  private final MilvusSettings settings;
  private final MilvusQueries queries;

  MilvusSearch(MilvusSettings settings, MilvusQueries queries) {
    this.settings = settings;
    this.queries = queries;
  }

  /** At most {@code k} of those that meet the filter, nearest first. */
  List<Hit> nearest(MilvusClientV2 open, float[] vector, int k, Filter filter) {
    if (filter.conditions().isEmpty()) {
      return nearestFirst(
          search(open, vector, k, filter, MilvusRows.OF_HIT).stream()
              .map(found -> hit((String) found.getId(), found.getScore(), found.getEntity()))
              .toList(),
          k);
    }
    int candidates = Math.max(k, settings.efSearch());
    List<SearchResp.SearchResult> found =
        search(open, vector, candidates, filter, List.of(MilvusSchema.ID));
    Map<String, Float> scores = new HashMap<>();
    if (found.size() < candidates
        && found.size() < queries.count(open, MilvusRows.selecting(filter))) {
      scores = compareAll(open, vector, k, filter);
    } else {
      for (SearchResp.SearchResult each : found.subList(0, Math.min(k, found.size()))) {
        scores.put((String) each.getId(), each.getScore());
      }
    }
    return nearestFirst(read(open, scores, filter), k);
  }

  private List<SearchResp.SearchResult> search(
      MilvusClientV2 open, float[] vector, int most, Filter filter, List<String> fields) {
    SearchReq request =
        SearchReq.builder()
            .collectionName(settings.collection())
            .annsField(MilvusSchema.EMBEDDING)
            .data(List.of(new FloatVec(vector)))
            .limit(most)
            .filter(MilvusRows.selecting(filter))
            .searchParams(Map.of("ef", Math.max(most, settings.efSearch())))
            .outputFields(fields)
            .consistencyLevel(settings.consistency())
            .build();
    return open.search(request).getSearchResults().get(0);
  }

  /** Ids and cosines of the nearest that meet the filter; reads all of them, page by page. */
  private Map<String, Float> compareAll(MilvusClientV2 open, float[] vector, int k, Filter filter) {
    PriorityQueue<Map.Entry<String, Float>> nearest =
        new PriorityQueue<>(Map.Entry.comparingByValue());
    List<Map<String, Object>> page;
    String last = null;
    do {
      page =
          queries.inOrder(
              open, MilvusRows.selecting(filter), last, MilvusQueries.MOST_ROWS, OF_COMPARISON);
      for (Map<String, Object> row : page) {
        last = MilvusRows.id(row);
        nearest.add(Map.entry(last, (float) Cosine.of(vector, MilvusRows.features(row))));
        if (nearest.size() > k) {
          nearest.remove();
        }
      }
    } while (page.size() == MilvusQueries.MOST_ROWS);
    Map<String, Float> scores = new HashMap<>();
    nearest.forEach(each -> scores.put(each.getKey(), each.getValue()));
    return scores;
  }

  /** What the rows of these ids are; those that no longer meet the filter are left out. */
  private List<Hit> read(MilvusClientV2 open, Map<String, Float> scores, Filter filter) {
    List<Hit> hits = new ArrayList<>();
    for (List<String> ids : MilvusQueries.parts(List.copyOf(scores.keySet()))) {
      String expression = MilvusRows.selecting(filter) + " and " + MilvusRows.selecting(ids);
      for (Map<String, Object> row : queries.rows(open, expression, MilvusRows.OF_HIT)) {
        hits.add(hit(MilvusRows.id(row), scores.get(MilvusRows.id(row)), row));
      }
    }
    return hits;
  }

  private static Hit hit(String id, float score, Map<String, Object> row) {
    return new Hit(id, score, MilvusRows.version(row), MilvusRows.image(row));
  }

  private static List<Hit> nearestFirst(List<Hit> hits, int k) {
    return hits.stream().sorted(Hit.NEAREST_FIRST).limit(k).toList();
  }
}
