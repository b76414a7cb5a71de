// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.StoreException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes of batches what is newer than what the collection has, and finds out whether another
 * process has put something older over it. {@link MilvusStoreProvider} says what that is for.
 */
final class MilvusUpsert {

  /** Most bytes of a request to write, about; a server takes 64 MB. */
  private static final long MOST_BYTES = 16 << 20;

  /** Ids that are remembered until they are read again; some 200 bytes each. */
  private static final int MOST_REMEMBERED = 50_000;

  private final MilvusSettings settings;
  private final MilvusQueries queries;
  private final IdLocks locks;

  /** Newest age of each id that was written and is not known to be still there. */
  private final Map<String, Age> sinceCommit = new ConcurrentHashMap<>();

  MilvusUpsert(MilvusSettings settings, MilvusQueries queries) {
    this.settings = settings;
    this.queries = queries;
    locks = IdLocks.of(settings.name());
  }

  /**
   * Writes the changes, of which no two are to the same id.
   *
   * @return how many of them were newer than what the collection had
   */
  int execute(MilvusConnection connection, int dimension, List<Change> changes) {
    List<String> ids = changes.stream().map(Change::id).toList();
    Map<String, Age> newer = new HashMap<>();
    try (IdLocks.Held held = locks.hold(ids)) {
      Map<String, Age> there = queries.ages(connection.client(), ids);
      Columns columns = new Columns(dimension);
      for (Change change : changes) {
        Age age = Age.of(change);
        Age known = there.get(change.id());
        if (known == null || age.compareTo(known) > 0) {
          newer.put(change.id(), age);
          columns.add(change, age);
          if (columns.rows() == MilvusQueries.MOST_ROWS || columns.bytes() >= MOST_BYTES) {
            connection.upsert(columns);
            columns = new Columns(dimension);
          }
        }
      }
      if (columns.rows() > 0) {
        connection.upsert(columns);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(settings.name() + ": interrupted while waiting to write", e);
    }
    newer.forEach((id, age) -> sinceCommit.merge(id, age, (a, b) -> a.compareTo(b) >= 0 ? a : b));
    if (sinceCommit.size() > MOST_REMEMBERED) {
      requireStillThere(connection);
    }
    return newer.size();
  }

  /** Whether anything was written since it was last known to be there. */
  boolean isUncommitted() {
    return !sinceCommit.isEmpty();
  }

  /** Fails if anything that was written has become older since, or is gone. */
  void requireStillThere(MilvusConnection connection) {
    Map<String, Age> written = Map.copyOf(sinceCommit);
    Map<String, Age> there = queries.ages(connection.client(), List.copyOf(written.keySet()));
    written.forEach(
        (id, age) -> {
          Age is = there.get(id);
          if (is == null || is.compareTo(age) < 0) {
            throw new StoreException(
                settings.name()
                    + ": another writer has put "
                    + (is == null ? "nothing" : "the older " + is.version())
                    + " over "
                    + age.version()
                    + " of "
                    + id
                    + "; write again what is not committed");
          }
          sinceCommit.remove(id, age);
        });
  }
}
