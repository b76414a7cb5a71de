// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.tool;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Copies all vectors of a store into another, of whatever kinds they are, with their versions and
 * metadata. So a job that goes on with the other store, or repeats what it has written to the
 * first, ends in the same state there.
 *
 * <p>A copy that was interrupted is started again: what is there already stays as it is. What the
 * target has in a newer version stays, too, and what only the target has. Deletions are not copied,
 * so a vector that is older than the deletion of its id and arrives after the copy comes back; a
 * job that repeats its input repeats the deletion with it.
 */
@PublicEvolving
public final class StoreCopy {
  private static final int PAGE = 500;
  private static final int PAGES_A_COMMIT = 20;

  private StoreCopy() {}

  /**
   * What became of the vectors.
   *
   * @param vectors that the source has
   * @param written of them, those that the target had not
   * @param unchanged those that the target had, in this or a newer version
   * @param refused those that the target cannot hold
   */
  public record Copied(long vectors, long written, long unchanged, long refused) {}

  /**
   * Copies, and does what makes searches in the target fast.
   *
   * @param target address of a store that is new, empty, or of the same vector space
   * @param onRefused is told what the target cannot hold
   * @param onProgress is told how many vectors were copied so far
   * @throws StoreException if the target is the source or holds something else, or either fails;
   *     what was copied until then stays
   */
  public static Copied copy(
      VectorStore source,
      String target,
      Consumer<RefusedChange> onRefused,
      LongConsumer onProgress) {
    StoreDescription from = source.describe();
    if (from.store().equals(StoreAddress.parse(target).toString())) {
      throw new StoreException(from.store() + " cannot be copied onto itself");
    }
    if (from.collection().isEmpty()) {
      return new Copied(0, 0, 0, 0);
    }
    try (VectorStore to =
        VectorStore.open(target, OpenMode.write(0).expecting(from.collection().get()))) {
      Copied copied = copyPages(source, to, onRefused, onProgress);
      to.commit();
      to.optimize();
      return copied;
    }
  }

  private static Copied copyPages(
      VectorStore source,
      VectorStore target,
      Consumer<RefusedChange> onRefused,
      LongConsumer onProgress) {
    long vectors = 0;
    long written = 0;
    long unchanged = 0;
    long refused = 0;
    String after = null;
    for (int pages = 1; ; pages++) {
      List<StoredVector> page = source.scan(after, PAGE);
      WriteResult result = target.upsert(page);
      vectors += page.size();
      written += result.written();
      unchanged += result.stale();
      refused += result.refused().size();
      result.refused().forEach(onRefused);
      onProgress.accept(vectors);
      if (page.size() < PAGE) {
        return new Copied(vectors, written, unchanged, refused);
      }
      if (pages % PAGES_A_COMMIT == 0) {
        target.commit();
      }
      after = page.get(page.size() - 1).id();
    }
  }
}
