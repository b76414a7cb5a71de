// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What made a vector, and so the space that it is of. Two vectors may be compared only if their
 * {@code vectorSpace} is the same.
 *
 * @param model name of the model, for people
 * @param sha256 digest of the model's content
 * @param precision arithmetic that the model ran in
 * @param preprocessing way from the encoded image to the model's input, with the decoders' versions
 * @param vectorSpace SHA-256 over the digest of the model, preprocessing and precision, each in
 *     UTF-8 and followed by a line feed; 64 lower-case hex digits
 */
@PublicEvolving
public record Provenance(
    String model, String sha256, String precision, String preprocessing, String vectorSpace)
    implements Serializable {

  public Provenance {
    requireNonNull(model, "model");
    requireNonNull(sha256, "sha256");
    requireNonNull(precision, "precision");
    requireNonNull(preprocessing, "preprocessing");
    requireNonNull(vectorSpace, "vectorSpace");
  }

  /** The provenance with the vector space that follows from the rest. */
  public static Provenance of(String model, String sha256, String precision, String preprocessing) {
    return new Provenance(
        model, sha256, precision, preprocessing, digest(sha256, preprocessing, precision));
  }

  /** For messages: the model with its digest, and how it was run. */
  public String summary() {
    return model + " (SHA-256 " + sha256 + ", " + preprocessing + ", " + precision + ")";
  }

  private static String digest(String... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        digest.update((part + "\n").getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
