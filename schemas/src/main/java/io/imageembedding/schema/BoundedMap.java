// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that forgets what was asked for longest ago, so that strangers cannot fill it. */
final class BoundedMap<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;

  private final int most;

  BoundedMap(int most) {
    super(16, 0.75f, true);
    this.most = most;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > most;
  }
}
