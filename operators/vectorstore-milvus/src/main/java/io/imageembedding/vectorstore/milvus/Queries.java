// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.ConsistencyLevel;
import io.milvus.v2.service.vector.request.QueryReq;
import io.milvus.v2.service.vector.response.QueryResp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows of one collection by expressions; sees everything that was written before. */
final class Queries {

  /** Most rows of a request, small enough for a server's limits on messages and results. */
  static final int MOST_ROWS = 1000;

  /** Rows in the order of their ids, and none left out. */
  private static final Map<String, Object> IN_ORDER =
      Map.of("iterator", "True", "reduce_stop_for_best", "False");

  private final String collection;

  Queries(String collection) {
    this.collection = collection;
  }

  /** At most {@link #MOST_ROWS} ids each. */
  static List<List<String>> parts(List<String> ids) {
    List<List<String>> parts = new ArrayList<>();
    for (int from = 0; from < ids.size(); from += MOST_ROWS) {
      parts.add(ids.subList(from, Math.min(ids.size(), from + MOST_ROWS)));
    }
    return parts;
  }

  /** Every row that meets the expression. */
  List<Map<String, Object>> rows(MilvusClientV2 open, String expression, List<String> fields) {
    return rows(open, request(expression, fields).build());
  }

  /**
   * Rows that meet the expression, in the order of their ids.
   *
   * @param after an id that stands before them; null: from the first on
   */
  List<Map<String, Object>> inOrder(
      MilvusClientV2 open, String expression, String after, int most, List<String> fields) {
    String page =
        after == null
            ? expression
            : expression + " and " + MilvusSchema.ID + " > " + Rows.quoted(after);
    return rows(
        open, request(page, fields).limit(most).queryParams(new HashMap<>(IN_ORDER)).build());
  }

  /** How many rows meet the expression. */
  long count(MilvusClientV2 open, String expression) {
    return (Long) rows(open, expression, List.of("count(*)")).get(0).get("count(*)");
  }

  private QueryReq.QueryReqBuilder request(String expression, List<String> fields) {
    return QueryReq.builder()
        .collectionName(collection)
        .filter(expression)
        .outputFields(fields)
        .consistencyLevel(ConsistencyLevel.STRONG);
  }

  private static List<Map<String, Object>> rows(MilvusClientV2 open, QueryReq request) {
    return open.query(request).getQueryResults().stream()
        .map(QueryResp.QueryResult::getEntity)
        .toList();
  }
}
