// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;

/**
 * What made a vector. Two are the same space if their {@code id} is the same; only vectors of one
 * space may be compared.
 *
 * @param id SHA-256 over model content, preprocessing and precision, 64 lower-case hex digits
 * @param model its name, for people
 * @param sha256 digest of the model's content
 * @param precision arithmetic that the model ran in
 * @param preprocessing the way from encoded image to the model's input
 */
@PublicEvolving
public record VectorSpace(
    String id, String model, String sha256, String precision, String preprocessing)
    implements Serializable {

  public VectorSpace {
    requireNonNull(id, "id");
    requireNonNull(model, "model");
    requireNonNull(sha256, "sha256");
    requireNonNull(precision, "precision");
    requireNonNull(preprocessing, "preprocessing");
  }

  /** For messages: the model with its digest, and how it was run. */
  public String summary() {
    return model + " (SHA-256 " + sha256 + ", " + preprocessing + ", " + precision + ")";
  }
}
