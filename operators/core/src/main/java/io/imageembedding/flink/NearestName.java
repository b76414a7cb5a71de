// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import org.apache.flink.annotation.Internal;

/** Which of the names that there are somebody may have meant. */
@Internal
public final class NearestName {
  private static final int LEAST_CHANGES = 2;
  private static final int CHARACTERS_A_CHANGE = 4;

  private NearestName() {}

  /** The nearest of the names, however far it is. */
  public static String to(String typed, Collection<String> names) {
    return names.stream()
        .min(Comparator.comparingInt((String name) -> distance(name, typed)))
        .orElseThrow();
  }

  /** The nearest of the names, if it is near enough to be what was meant. */
  public static Optional<String> meant(String typed, Collection<String> names) {
    if (names.isEmpty()) {
      return Optional.empty();
    }
    String nearest = to(typed, names);
    int most = Math.max(LEAST_CHANGES, typed.length() / CHARACTERS_A_CHANGE);
    int changes = distance(nearest, typed);
    return changes <= most && changes < typed.length() && changes < nearest.length()
        ? Optional.of(nearest)
        : Optional.empty();
  }

  /** Levenshtein's edit distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitution, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
