// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;

/**
 * Deletes what is under an id, unless that is newer. A marker stays, so that an older vector that
 * arrives later does not come back.
 */
@PublicEvolving
public record Deletion(String id, Version version) implements Change, Serializable {

  /** The tie-break of every deletion: the highest there is. */
  public static final long TIE_BREAK = Long.MAX_VALUE;

  public Deletion {
    requireNonNull(id, "id");
    requireNonNull(version, "version");
  }

  @Override
  public long tieBreak() {
    return TIE_BREAK;
  }
}
