// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.annotation.Internal;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.VectorStoreProvider;

/**
 * {@code milvus://HOST:PORT/DATABASE?collection=NAME}: a collection of a Milvus 2.4 or newer, made
 * where it does not exist; port 19530 and the database {@code default} where none is named.
 * Options:
 *
 * <ul>
 *   <li>{@code collection}: its name; default {@code image_embeddings}
 *   <li>{@code token-file} or {@code token-env}: file or environment variable that holds the token,
 *       {@code USER:PASSWORD} or an API key
 *   <li>{@code secure}: {@code true} speaks TLS, as it is by default where a token goes to another
 *       machine; {@code ca-file}: certificates that are trusted, as PEM, instead of those of the
 *       JVM
 *   <li>{@code ef-search}: candidates that a search looks at, default 100
 *   <li>{@code m}, {@code ef-construction}: of the HNSW index, default 16 and 100; decided when the
 *       collection is made
 *   <li>{@code consistency}: of searches, {@code strong} (default) or {@code bounded}. A strong
 *       search waits until it sees what was written before it, some 200 ms on a server that is
 *       being written to; a bounded one may lag behind by the seconds that the server allows.
 *   <li>{@code timeout}: seconds that a call may take, default 60
 * </ul>
 *
 * <p><b>A filter</b> finds all that match, however few they are and wherever they lie: what the
 * index leaves out is found by reading every row that meets the filter.
 *
 * <p><b>Which vector of an id stays.</b> Milvus replaces a row whatever its version, so the
 * versions that are there are read before a batch is written, and only newer changes ({@link
 * Change#BY_AGE}) are. That the row does not change in between is ensured like this:
 *
 * <ul>
 *   <li>Writers of one process never write the same id at once, however many there are. So with all
 *       writers in one process, an older vector is never put over a newer one.
 *   <li>Writers of different processes can do so, where both have the same id in their hands at the
 *       same moment: one that has read, and then hangs, may put an older vector over a newer one.
 *       {@link VectorStore#commit} reads again what was written since the last, and fails if
 *       anything of it has become older or is gone; what was not committed is then written again,
 *       as after any failure. What stays open is a process that hangs between reading and writing
 *       for as long as another one needs until its next commit. Where records of one id go to one
 *       subtask, as those of one partition of a topic do, this takes a process that was given up
 *       but still runs.
 * </ul>
 *
 * <p><b>Deletions</b> leave a row with the id, the version and a vector that nobody finds, as
 * {@link Deletion} says. Rows are durable when {@code write} returns.
 */
@Internal
public final class MilvusStoreProvider implements VectorStoreProvider {

  @Override
  public String scheme() {
    return "milvus";
  }

  @Override
  public String form() {
    return "milvus://HOST:PORT/DATABASE?collection=NAME";
  }

  @Override
  public void check(StoreAddress address) {
    MilvusSettings.of(address);
  }

  @Override
  public VectorStore open(StoreAddress address, OpenMode mode) {
    return MilvusStore.open(MilvusSettings.of(address), mode);
  }
}
