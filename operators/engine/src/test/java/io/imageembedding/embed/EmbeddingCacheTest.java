// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmbeddingCacheTest {
  private static final Embedding ANSWER =
      new Embedding(
          new float[1280],
          new ImageInfo("png", 1, 1),
          new Provenance("m", "ab", "fp32", "way", "cd"));

  @Test
  void theSameBytesAreNotEmbeddedTwice() throws Exception {
    byte[][] images = {solid(1), solid(2), solid(1), new byte[0], solid(2), solid(3)};
    try (ImageEmbedder cached = embedder(1 << 20);
        ImageEmbedder plain = embedder(0)) {
      List<Outcome> expected = plain.embed(images.length, i -> images[i]);

      List<Outcome> first = cached.embed(images.length, i -> images[i]);
      List<Outcome> second = cached.embed(images.length, i -> images[i]);

      assertThat(first).isEqualTo(expected);
      assertThat(second).isEqualTo(expected);
      assertThat(first.get(2)).isSameAs(first.get(0));
      assertThat(second.get(0)).isSameAs(first.get(0));
      assertThat(second.get(5)).isSameAs(first.get(5));
    }
  }

  @Test
  void whatIsLongestUnusedGoesFirstAndMemoryIsBounded() {
    EmbeddingCache cache = new EmbeddingCache(3 * 5500);
    ByteBuffer[] keys = new ByteBuffer[4];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = EmbeddingCache.key(new byte[] {(byte) i});
      if (i == 3) {
        assertThat(cache.get(keys[0])).isNotNull();
      }
      cache.put(keys[i], ANSWER);
    }

    assertThat(cache.get(keys[1])).isNull();
    assertThat(cache.get(keys[0])).isSameAs(ANSWER);
    assertThat(cache.get(keys[2])).isSameAs(ANSWER);
    assertThat(cache.get(keys[3])).isSameAs(ANSWER);
  }

  @Test
  void anAnswerThatDoesNotFitIsNotKept() {
    EmbeddingCache cache = new EmbeddingCache(100);
    cache.put(EmbeddingCache.key(new byte[1]), ANSWER);

    assertThat(cache.get(EmbeddingCache.key(new byte[1]))).isNull();
  }

  private static byte[] solid(int level) throws Exception {
    return TestingImages.solid(level);
  }

  private static ImageEmbedder embedder(long cacheBytes) {
    return new ImageEmbedder(
        TestingModel.SOUND,
        new EmbedSettings(Preprocessing.REFERENCE, DecodeLimits.DEFAULT, 8, 5, cacheBytes));
  }
}
