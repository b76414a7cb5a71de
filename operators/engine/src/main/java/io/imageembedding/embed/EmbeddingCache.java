// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.safety.BoundedCache;
import java.nio.ByteBuffer;
import org.apache.commons.codec.digest.DigestUtils;

/** Embeddings by the content of their images; those longest unused are forgotten first. */
final class EmbeddingCache {
  private static final long ENTRY_BYTES = 300;
  private static final long SCORE_BYTES = 100;

  private final BoundedCache<ByteBuffer, Embedding> answers;

  /**
   * @param capacity bytes of heap, as estimated
   */
  EmbeddingCache(long capacity) {
    answers = new BoundedCache<>(capacity, EmbeddingCache::size);
  }

  /** What an image is known by: the SHA-256 of its bytes. */
  static ByteBuffer key(byte[] encoded) {
    return ByteBuffer.wrap(DigestUtils.sha256(encoded));
  }

  /** Null if the image has not come, or was forgotten. */
  Embedding get(ByteBuffer key) {
    return answers.get(key).orElse(null);
  }

  void put(ByteBuffer key, Embedding answer) {
    answers.put(key, answer);
  }

  int entries() {
    return answers.entries();
  }

  /** Of heap, as estimated. */
  long bytes() {
    return answers.taken();
  }

  private static long size(Embedding answer) {
    return ENTRY_BYTES
        + (long) answer.vector().length * Float.BYTES
        + answer.scores().size() * SCORE_BYTES;
  }
}
