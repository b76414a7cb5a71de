// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.flink.NearestName;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Why a filter may have found nothing: no image has anything under one of its keys. */
final class FilterKeys {
  private static final int PAGE = 500;
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private FilterKeys() {}

  /** A line for each key that no image has, as far as was looked in some seconds. */
  static List<String> unknown(VectorStore store, Filter filter, String address) {
    Set<String> wanted = new TreeSet<>(filter.conditions().keySet());
    Set<String> known = new TreeSet<>();
    long looked = 0;
    long end = System.nanoTime() + LONGEST.toNanos();
    boolean isAll = false;
    String after = null;
    while (!known.containsAll(wanted) && !isAll && System.nanoTime() < end) {
      List<StoredVector> page = store.scan(after, PAGE);
      page.forEach(vector -> known.addAll(Filter.conditionsOf(vector).keySet()));
      looked += page.size();
      isAll = page.size() < PAGE;
      after = page.isEmpty() ? null : page.get(page.size() - 1).id();
    }
    List<String> lines = new ArrayList<>();
    for (String key : wanted) {
      if (!known.contains(key)) {
        lines.add(
            "--filter: none of the "
                + (isAll ? "" : "first ")
                + looked
                + " images of "
                + address
                + " has '"
                + key
                + "'"
                + NearestName.meant(key, known)
                    .map(near -> "; did you mean " + near + "?")
                    .orElse(known.isEmpty() ? "" : "; they have " + String.join(", ", known)));
      }
    }
    return lines;
  }
}
