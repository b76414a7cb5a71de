// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Arrays;
import java.util.Locale;

/** How near two vectors are. */
@PublicEvolving
public enum Similarity {
  /** Cosine of the angle between them, 1 for the same direction, -1 for the opposite. */
  COSINE;

  /**
   * The metric of that name.
   *
   * @throws StoreException if there is none
   */
  public static Similarity parse(String name) {
    return Arrays.stream(values())
        .filter(metric -> metric.id().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new StoreException(
                    "metric '"
                        + name
                        + "' is not known; known: "
                        + String.join(", ", Arrays.stream(values()).map(Similarity::id).toList())));
  }

  /** Its name in addresses and descriptions. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
