// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import static io.imageembedding.safety.Arguments.checkArgument;

import io.imageembedding.annotation.Internal;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Keeps what was asked for last, as much of it as fits into so many bytes, so that strangers cannot
 * fill it. What alone is larger is not kept, and pushes nothing out. For several threads.
 */
@Internal
public final class BoundedCache<K, V> {
  private final long capacity;
  private final ToLongFunction<? super V> size;
  private final Map<K, V> latest = new LinkedHashMap<>(16, 0.75f, true);
  private long taken;

  /**
   * @param capacity of all values together
   * @param size of a value, the same each time
   */
  public BoundedCache(long capacity, ToLongFunction<? super V> size) {
    checkArgument(capacity >= 0, "capacity is %s; needed: at least 0", capacity);
    this.capacity = capacity;
    this.size = size;
  }

  /** For so many entries, whatever their size is. */
  public static <K, V> BoundedCache<K, V> ofEntries(int most) {
    return new BoundedCache<>(most, value -> 1);
  }

  /** The value, if it was put and is not forgotten. */
  public synchronized Optional<V> get(K key) {
    return Optional.ofNullable(latest.get(key));
  }

  /** The value, made if there is none. */
  public synchronized V get(K key, Function<? super K, ? extends V> maker) {
    V known = latest.get(key);
    if (known == null) {
      known = maker.apply(key);
      put(key, known);
    }
    return known;
  }

  /** How many values it holds. */
  public synchronized int entries() {
    return latest.size();
  }

  /** What they take together. */
  public synchronized long taken() {
    return taken;
  }

  /** Keeps a value instead of the one before, and forgets what that leaves no room for. */
  public synchronized void put(K key, V value) {
    V before = latest.remove(key);
    taken -= before == null ? 0 : size.applyAsLong(before);
    long needed = size.applyAsLong(value);
    if (needed > capacity) {
      return;
    }
    Iterator<V> eldest = latest.values().iterator();
    while (taken > capacity - needed) {
      taken -= size.applyAsLong(eldest.next());
      eldest.remove();
    }
    latest.put(key, value);
    taken += needed;
  }
}
