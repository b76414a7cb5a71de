// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.embedding.Embedding;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;

/** Embeddings by the content of their images; those longest unused are forgotten first. */
final class EmbeddingCache {
  private static final long ENTRY_BYTES = 300;
  private static final long SCORE_BYTES = 100;

  private final long capacity;
  private final Map<ByteBuffer, Embedding> answers = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /**
   * @param capacity bytes of heap, as estimated
   */
  EmbeddingCache(long capacity) {
    this.capacity = capacity;
  }

  /** What an image is known by: the SHA-256 of its bytes. */
  static ByteBuffer key(byte[] encoded) {
    return ByteBuffer.wrap(DigestUtils.sha256(encoded));
  }

  /** Null if the image has not come, or was forgotten. */
  Embedding get(ByteBuffer key) {
    return answers.get(key);
  }

  void put(ByteBuffer key, Embedding answer) {
    Embedding before = answers.put(key, answer);
    bytes += size(answer) - (before == null ? 0 : size(before));
    var eldest = answers.entrySet().iterator();
    while (bytes > capacity) {
      bytes -= size(eldest.next().getValue());
      eldest.remove();
    }
  }

  private static long size(Embedding answer) {
    return ENTRY_BYTES
        + (long) answer.vector().length * Float.BYTES
        + answer.scores().size() * SCORE_BYTES;
  }
}
