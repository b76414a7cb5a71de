// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What was read where an image lies that its message only names. An object may be another one at
 * the next reading: this says which of them the vector was made of.
 *
 * @param uri as the message names it, without query, which may hold a signature
 * @param length in bytes
 * @param sha256 of the bytes, 64 lower-case hex digits
 * @param etag as the server said it; null where it said none, as file systems do
 * @param modified when it was changed last, as server or file system said it; null where it is not
 *     known
 */
@PublicEvolving
public record FetchedObject(
    String uri, long length, String sha256, @Nullable String etag, @Nullable Instant modified)
    implements Serializable {

  public FetchedObject {
    requireNonNull(uri, "uri");
    requireNonNull(sha256, "sha256");
  }
}
