// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps the writers of this process from writing the same ids at once. A writer gets all the ids of
 * its batch or none, so writers never wait for each other in a circle.
 */
final class IdLocks {
  private static final Map<String, IdLocks> BY_STORE = new ConcurrentHashMap<>();

  private final Set<String> held = new HashSet<>();

  private IdLocks() {}

  /** Those of a store, the same for all that write to it. */
  static IdLocks of(String store) {
    return BY_STORE.computeIfAbsent(store, name -> new IdLocks());
  }

  /** Waits until nobody else has any of the ids. */
  synchronized Held hold(Collection<String> ids) throws InterruptedException {
    List<String> wanted = new ArrayList<>(ids);
    while (wanted.stream().anyMatch(held::contains)) {
      wait();
    }
    held.addAll(wanted);
    return () -> release(wanted);
  }

  private synchronized void release(List<String> ids) {
    ids.forEach(held::remove);
    notifyAll();
  }

  /** Ids that are held until this is closed. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }
}
