// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelDescriptor;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * What made a vector. Two vectors may be compared only if their {@code vectorSpace} is the same.
 *
 * @param model name of the model, for people
 * @param sha256 digest of the model's content
 * @param precision arithmetic that the model ran in
 * @param preprocessing {@link Preprocessing#id(io.imageembedding.image.InputRange)} of the model's
 *     range
 * @param vectorSpace SHA-256 over the digest of the model, preprocessing and precision, each in
 *     UTF-8 and followed by a line feed; 64 lower-case hex digits
 */
public record Provenance(
    String model, String sha256, String precision, String preprocessing, String vectorSpace) {

  /** Provenance of the vectors that the model makes of images prepared like this. */
  public static Provenance of(ModelDescriptor model, Preprocessing preprocessing) {
    String way = preprocessing.id(model.inputRange());
    return new Provenance(
        model.name(),
        model.sha256(),
        model.precision(),
        way,
        DigestUtils.sha256Hex(model.sha256() + "\n" + way + "\n" + model.precision() + "\n"));
  }
}
