// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoundedCacheTest {
  private final BoundedCache<String, byte[]> cache = new BoundedCache<>(10, bytes -> bytes.length);

  @Test
  void whatWasAskedForLongestAgoGoesFirst() {
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
    for (int i = 0; i < 100; i++) {
      cache.put("a", new byte[5]);
    }
    cache.put("b", new byte[5]);

    assertThat(cache.get("a")).isPresent();
    assertThat(cache.get("b")).isPresent();
  }

  @Test
  void whatIsLargerThanAllIsNotKeptAndPushesNothingOut() {
    cache.put("a", new byte[5]);
    cache.put("b", new byte[5]);
    cache.put("large", new byte[11]);

    assertThat(cache.get("large")).isEmpty();
    assertThat(cache.get("a")).isPresent();
    assertThat(cache.get("b")).isPresent();
  }

  @Test
  void whatHasBecomeTooLargeIsNotThereAsItWas() {
    cache.put("a", new byte[5]);
    cache.put("a", new byte[11]);

    assertThat(cache.get("a")).isEmpty();
  }

  @Test
  void aValueIsMadeOnceWhileItIsKept() {
    BoundedCache<String, String> two = BoundedCache.ofEntries(2);
    List<String> made = new ArrayList<>();
    for (String key : List.of("a", "b", "a", "c", "a", "b")) {
      two.get(
          key,
          k -> {
            made.add(k);
            return k;
          });
    }

    assertThat(made).containsExactly("a", "b", "c", "b");
  }
}
