// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.tool;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.StoredVector;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Filters that a store's own vectors suggest: from those that few of them meet to those of many.
 */
final class FilterSample {
  private static final int MOST_FILTERS = 20;
  private static final int MOST_KEYS = 100;

  /** A key with more values is one that tells images apart, and no filter. */
  private static final int MOST_VALUES = 1000;

  private static final int LONGEST = 200;

  private final Map<String, Map<String, Long>> counts = new TreeMap<>();
  private final Set<String> ids = new TreeSet<>();

  void add(StoredVector vector) {
    Map<String, String> conditions = Filter.conditionsOf(vector);
    conditions.remove(Filter.URI);
    conditions.forEach(this::add);
  }

  private void add(String key, String value) {
    if (key.isEmpty() || key.length() > LONGEST || value.length() > LONGEST || ids.contains(key)) {
      return;
    }
    if (!counts.containsKey(key) && counts.size() + ids.size() >= MOST_KEYS) {
      return;
    }
    Map<String, Long> values = counts.computeIfAbsent(key, k -> new HashMap<>());
    values.merge(value, 1L, Long::sum);
    if (values.size() > MOST_VALUES) {
      counts.remove(key);
      ids.add(key);
    }
  }

  /**
   * Some of the conditions that some vectors meet and some do not.
   *
   * @param all vectors that there are
   * @param enough as many have to meet a condition, unless there is none like that
   */
  List<Filter> choose(long all, int enough) {
    List<Condition> conditions = new ArrayList<>();
    counts.forEach(
        (key, values) ->
            values.forEach((value, count) -> conditions.add(new Condition(key, value, count))));
    conditions.removeIf(condition -> condition.count >= all);
    if (conditions.stream().anyMatch(condition -> condition.count >= enough)) {
      conditions.removeIf(condition -> condition.count < enough);
    }
    conditions.sort(
        Comparator.comparingLong(Condition::count)
            .thenComparing(Condition::key)
            .thenComparing(Condition::value));
    int most = Math.min(MOST_FILTERS, conditions.size());
    List<Filter> filters = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      Condition condition = conditions.get(i * conditions.size() / most);
      filters.add(new Filter(Map.of(condition.key, condition.value)));
    }
    return filters;
  }

  private record Condition(String key, String value, long count) {}
}
