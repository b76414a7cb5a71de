// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThumbnailCacheTest {

  @Test
  void whatWasAskedForLongestAgoGoesFirst() {
    ThumbnailCache cache = new ThumbnailCache(10);
    cache.put("a", new byte[4]);
    cache.put("b", new byte[4]);
    cache.get("a");
    cache.put("c", new byte[4]);

    assertThat(cache.get("b")).isEmpty();
    assertThat(cache.get("a")).isPresent();
    assertThat(cache.get("c")).isPresent();
  }

  @Test
  void bytesAreCountedOnceForEachKey() {
    ThumbnailCache cache = new ThumbnailCache(10);
    for (int i = 0; i < 100; i++) {
      cache.put("a", new byte[5]);
    }
    cache.put("b", new byte[5]);

    assertThat(cache.get("a")).isPresent();
    assertThat(cache.get("b")).isPresent();
  }

  @Test
  void whatIsLargerThanAllIsNotKept() {
    ThumbnailCache cache = new ThumbnailCache(10);
    cache.put("a", new byte[11]);

    assertThat(cache.get("a")).isEmpty();
  }
}
