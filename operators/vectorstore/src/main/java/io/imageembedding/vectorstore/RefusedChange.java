// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;

/**
 * A change that no store takes, whenever it is tried again.
 *
 * @param index of the change in the batch that it was written with
 * @param id of the change; empty where none could be made
 * @param message the reason in words, one line
 */
@PublicEvolving
public record RefusedChange(int index, String id, Reason reason, String message) {

  /** Why it is refused. */
  public enum Reason {
    /** The id is empty, longer than {@value ChangeBatch#MAX_ID_BYTES} bytes, or no valid text. */
    UNUSABLE_ID,
    /** A text beside the vector is no valid text, or all of them together are too long. */
    UNUSABLE_METADATA,
    /** The vector is of another space than the collection. */
    OTHER_SPACE,
    /** The vector has not as many features as those of the collection. */
    WRONG_LENGTH,
    /** A feature is infinite or not a number, or the vector's length is beyond what floats hold. */
    NOT_FINITE,
    /** The vector has no direction: its length is zero, or too small for floats. */
    ZERO_NORM,
    /** No change could be made of an element of a stream: what makes them threw an exception. */
    EXTRACTOR_FAILED
  }
}
