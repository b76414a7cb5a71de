// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The thumbnails that were asked for last, as many as fit into so many bytes. */
final class ThumbnailCache {
  private final long capacity;
  private final Map<String, byte[]> latest = new LinkedHashMap<>(64, 0.75f, true);
  private long bytes;

  ThumbnailCache(long capacity) {
    this.capacity = capacity;
  }

  synchronized Optional<byte[]> get(String key) {
    return Optional.ofNullable(latest.get(key));
  }

  synchronized void put(String key, byte[] thumbnail) {
    byte[] before = latest.put(key, thumbnail);
    bytes += thumbnail.length - (before == null ? 0 : before.length);
    var oldest = latest.values().iterator();
    while (bytes > capacity) {
      bytes -= oldest.next().length;
      oldest.remove();
    }
  }
}
