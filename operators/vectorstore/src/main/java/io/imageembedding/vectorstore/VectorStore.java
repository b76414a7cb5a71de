// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Vectors by id, and the nearest to another vector.
 *
 * <p><b>Effectively once.</b> Of all changes to an id, in whatever order and however often they
 * arrive, the newest stays ({@link Change#BY_AGE}). So what is not known to be committed may simply
 * be written again.
 *
 * <p><b>One space.</b> All vectors of a store are of one {@link CollectionSpec}, which the first
 * one written decides, unless {@link OpenMode#expecting} did. A change that does not belong into it
 * is refused alone; the rest of its batch is written.
 *
 * <p><b>Durable</b> is what was written before {@link #commit} returned. A search sees at least
 * that, and what was written since after a second at the latest.
 *
 * <p>A store may be used by several threads. Every method throws {@link StoreException}, and only
 * after trying again for as long as {@link OpenMode} says where that can help.
 *
 * <pre>{@code
 * try (VectorStore store = VectorStore.open("lucene:/data/vectors", OpenMode.write(0))) {
 *   store.upsert(vectors);
 *   store.commit();
 *   List<Hit> nearest = store.search(vector, 10, Filter.NONE);
 * }
 * }</pre>
 */
@PublicEvolving
public interface VectorStore extends AutoCloseable {

  /**
   * Opens the store at an address; {@link StoreAddress} says of which form.
   *
   * @throws StoreException if there is no such kind of store, it cannot be reached, or it holds
   *     something else than expected
   */
  static VectorStore open(String address, OpenMode mode) {
    return Stores.open(StoreAddress.parse(address), mode, () -> {});
  }

  /** Writes changes. Where one id occurs more than once, its newest counts. */
  WriteResult write(List<? extends Change> changes);

  /** Puts vectors under their ids. */
  default WriteResult upsert(List<StoredVector> vectors) {
    return write(vectors);
  }

  /** Deletes what is under ids; see {@link Deletion}. */
  default WriteResult delete(List<Deletion> deletions) {
    return write(deletions);
  }

  /**
   * The nearest vectors, nearest first; where two are equally near, in the order of their ids.
   *
   * @param vector as long as those of the collection, finite and not zero
   * @param k most hits
   */
  List<Hit> search(float[] vector, int k, Filter filter);

  /** What is under an id, with its vector as the store keeps it. */
  Optional<StoredVector> get(String id);

  /**
   * A page of all vectors in the order of their ids, by code points. Pages that are asked for one
   * after the other, each with the last id of the one before, have every vector once that is there
   * all the while.
   *
   * @param after those after this id; null begins
   * @param most vectors of the page; fewer are the last page
   */
  List<StoredVector> scan(@Nullable String after, int most);

  /**
   * The newest vectors by {@link Version}, newest first; of those that have the same version, any
   * first.
   *
   * @param most vectors
   */
  List<StoredVector> newest(int most);

  /** What the store is and holds. */
  StoreDescription describe();

  /** Makes what was written durable, and visible to every search. */
  void commit();

  /**
   * Does what makes searches fast after a big load; may take minutes. A store to which nothing was
   * added since has nothing to do.
   */
  void optimize();

  /** Commits, and gives everything free. */
  @Override
  void close();
}
