// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Provenance;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * A vector under its id, with where it came from.
 *
 * @param id upserts and deletions of one id replace each other
 * @param vector not to be changed
 * @param space what made it
 * @param version decides which vector of an id is kept
 * @param image what the image was
 */
@PublicEvolving
public record StoredVector(
    String id, float[] vector, Provenance space, Version version, ImageMetadata image)
    implements Change, Serializable {

  /** Attribute of an image record that says where the image can be read. */
  public static final String URI_ATTRIBUTE = "uri";

  public StoredVector {
    requireNonNull(id, "id");
    requireNonNull(vector, "vector");
    requireNonNull(space, "space");
    requireNonNull(version, "version");
    requireNonNull(image, "image");
  }

  /** What is stored of an embedding of which no more is known. */
  public static StoredVector of(String id, Embedding embedding, Version version) {
    return of(id, embedding, version, null, null, Map.of());
  }

  /**
   * What is stored of an embedding. Its scores are not.
   *
   * @param uri where the image can be read; null where nobody said
   * @param capturedAt when it was taken, in milliseconds since 1970-01-01 UTC; null where unknown
   * @param attributes whatever the producer wants to find again
   */
  public static StoredVector of(
      String id,
      Embedding embedding,
      Version version,
      @Nullable String uri,
      @Nullable Long capturedAt,
      Map<String, String> attributes) {
    return new StoredVector(
        id,
        embedding.vector(),
        embedding.provenance(),
        version,
        new ImageMetadata(embedding.image(), uri, capturedAt, attributes));
  }

  /** The first 63 bits of a SHA-256 over vector and metadata. */
  @Override
  public long tieBreak() {
    MessageDigest digest = DigestUtils.getSha256Digest();
    ByteBuffer floats = ByteBuffer.allocate(vector.length * Float.BYTES);
    floats.asFloatBuffer().put(vector);
    digest.update(floats.array());
    add(digest, image.uri());
    add(digest, image.info().format());
    add(digest, image.info().width() + "x" + image.info().height());
    add(digest, image.capturedAt());
    image
        .attributes()
        .forEach(
            (key, value) -> {
              add(digest, key);
              add(digest, value);
            });
    long first = ByteBuffer.wrap(digest.digest()).getLong() >>> 1;
    return Math.min(first, Deletion.TIE_BREAK - 1);
  }

  private static void add(MessageDigest digest, Object part) {
    digest.update(String.valueOf(part).getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof StoredVector that
        && that.id.equals(id)
        && Arrays.equals(that.vector, vector)
        && that.space.equals(space)
        && that.version.equals(version)
        && that.image.equals(image);
  }

  @Override
  public int hashCode() {
    return 31 * id.hashCode() + version.hashCode();
  }

  @Override
  public String toString() {
    return "StoredVector(" + id + ", " + vector.length + " features, " + version + ")";
  }
}
