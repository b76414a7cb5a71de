// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;

/**
 * What decides between two changes to one id, older before newer: the version, and where that is
 * the same, the tie-break. A store keeps both of every id that it has.
 *
 * @param version of the change
 * @param tieBreak see {@link Change#tieBreak}
 */
@PublicEvolving
public record Age(Version version, long tieBreak) implements Comparable<Age> {

  public Age {
    requireNonNull(version, "version");
  }

  /** The age of a change. */
  public static Age of(Change change) {
    return new Age(change.version(), change.tieBreak());
  }

  /** Whether it is that of a {@link Deletion}. */
  public boolean deletes() {
    return tieBreak == Deletion.TIE_BREAK;
  }

  @Override
  public int compareTo(Age other) {
    int order = version.compareTo(other.version);
    return order != 0 ? order : Long.compare(tieBreak, other.tieBreak);
  }
}
