// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Comparator;

/** One thing to be done to a store: put a vector under an id, or delete what is there. */
@PublicEvolving
public sealed interface Change permits StoredVector, Deletion {

  /** Older before newer, of two changes to one id. */
  Comparator<Change> BY_AGE = Comparator.comparing(Age::of);

  String id();

  Version version();

  /**
   * Decides between changes of the same version, which only something other than a message can
   * make: a deletion wins over a vector, and of two vectors the one whose content has the higher
   * digest. Equal changes have equal tie-breaks, so the second of them is not written.
   */
  long tieBreak();
}
