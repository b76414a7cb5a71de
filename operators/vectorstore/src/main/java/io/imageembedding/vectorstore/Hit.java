// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Comparator;

/**
 * Something that a search found.
 *
 * @param score cosine similarity to what was searched for, -1 to 1
 * @param version where the vector came from
 * @param image what the image was
 */
@PublicEvolving
public record Hit(String id, float score, Version version, ImageMetadata image) {

  /** The order of a search's result; where several are as near, by id. */
  public static final Comparator<Hit> NEAREST_FIRST =
      Comparator.comparing(Hit::score).reversed().thenComparing(Hit::id);
}
