// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.util.List;
import org.apache.flink.annotation.Internal;

/** Searches by a picture that is itself in the store. */
@Internal
public final class NearestPictures {
  private NearestPictures() {}

  /** The nearest others of a picture, nearest first. */
  public static List<Hit> others(VectorStore store, StoredVector picture, int k, Filter filter) {
    return store.search(picture.vector(), k + 1, filter).stream()
        .filter(hit -> !hit.id().equals(picture.id()))
        .limit(k)
        .toList();
  }
}
