// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.StoredVector;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.ConsistencyLevel;
import io.milvus.v2.service.vector.request.QueryReq;
import io.milvus.v2.service.vector.response.QueryResp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Vectors by id, by the order of ids, by age, and how many there are, and rows by expressions. Sees
 * everything that was written before.
 */
final class MilvusQueries {

  /** Most rows of a request, small enough for a server's limits on messages and results. */
  static final int MOST_ROWS = 1000;

  /** Rows in the order of their ids, and none left out. */
  private static final Map<String, Object> IN_ORDER =
      Map.of("iterator", "True", "reduce_stop_for_best", "False");

  private final String collection;

  MilvusQueries(String collection) {
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
            : expression + " and " + MilvusSchema.ID + " > " + MilvusRows.quoted(after);
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

  /** The ages of those ids that there are, deleted or not. */
  Map<String, Age> ages(MilvusClientV2 open, List<String> ids) {
    Map<String, Age> ages = new HashMap<>();
    for (List<String> some : parts(ids)) {
      for (Map<String, Object> row : rows(open, MilvusRows.selecting(some), MilvusRows.OF_AGE)) {
        ages.put(MilvusRows.id(row), MilvusRows.age(row));
      }
    }
    return ages;
  }

  Optional<StoredVector> get(MilvusClientV2 open, String id, CollectionSpec collection) {
    return vectors(open, List.of(id), collection).stream().findFirst();
  }

  private List<StoredVector> vectors(
      MilvusClientV2 open, List<String> ids, CollectionSpec collection) {
    return rows(open, MilvusRows.selecting(ids), MilvusRows.OF_VECTOR).stream()
        .filter(row -> !MilvusRows.isDeleted(row))
        .map(row -> MilvusRows.vector(row, collection))
        .toList();
  }

  /** A page in the order of ids. */
  List<StoredVector> scan(MilvusClientV2 open, String after, int most, CollectionSpec collection) {
    List<StoredVector> all = new ArrayList<>();
    String last = after;
    boolean more = true;
    while (more && all.size() < most) {
      int page = Math.min(MOST_ROWS, most - all.size());
      List<Map<String, Object>> rows =
          inOrder(open, MilvusRows.PRESENT, last, page, MilvusRows.OF_VECTOR);
      rows.forEach(row -> all.add(MilvusRows.vector(row, collection)));
      more = rows.size() == page;
      last = more ? all.get(all.size() - 1).id() : last;
    }
    return all;
  }

  /**
   * Newest first.
   *
   * <p>Milvus does not sort by a field. So it is asked how many rows are younger than a
   * millisecond, than four, and so on, until there are enough, and only those are looked at.
   */
  List<StoredVector> newest(MilvusClientV2 open, int most, CollectionSpec collection) {
    if (most < 1) {
      return List.of();
    }
    String expression = young(open, most);
    List<Aged> young = new ArrayList<>();
    List<Map<String, Object>> page;
    String last = null;
    do {
      page = inOrder(open, expression, last, MOST_ROWS, MilvusRows.OF_AGE);
      for (Map<String, Object> row : page) {
        last = MilvusRows.id(row);
        young.add(new Aged(last, MilvusRows.age(row)));
      }
    } while (page.size() == MOST_ROWS);
    young.sort(Comparator.comparing(Aged::age).reversed());
    List<StoredVector> newest = new ArrayList<>();
    List<String> ids = young.stream().limit(most).map(Aged::id).toList();
    for (List<String> some : parts(ids)) {
      newest.addAll(vectors(open, some, collection));
    }
    newest.sort(Comparator.comparing(StoredVector::version).reversed());
    return List.copyOf(newest);
  }

  /** An expression for the newest rows, as many as are wanted and not many more, or for all. */
  private String young(MilvusClientV2 open, int most) {
    long fewEnough = most + (long) MOST_ROWS;
    if (count(open, MilvusRows.PRESENT) <= fewEnough) {
      return MilvusRows.PRESENT;
    }
    long now = System.currentTimeMillis();
    long tooFew = now;
    for (int bits = 0; bits < Long.SIZE - 1; bits += 2) {
      long since = now - (1L << bits);
      long count = count(open, MilvusRows.since(since));
      while (count > fewEnough && tooFew - since > 1) {
        long middle = since + (tooFew - since) / 2;
        long there = count(open, MilvusRows.since(middle));
        if (there < most) {
          tooFew = middle;
        } else {
          since = middle;
          count = there;
        }
      }
      if (count >= most) {
        return MilvusRows.since(since);
      }
      tooFew = since;
    }
    return MilvusRows.PRESENT;
  }

  private record Aged(String id, Age age) {}
}
