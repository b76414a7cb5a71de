// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.vectorstore.VectorStore;
import java.util.Collection;
import org.apache.flink.annotation.Internal;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.VectorSearchFunction;
import org.jspecify.annotations.Nullable;

/** Searches a store in the task's own thread. */
@Internal
public final class StoreSearchFunction extends VectorSearchFunction {
  private static final long serialVersionUID = 1L;

  private final StoreSearch search;
  private transient @Nullable VectorStore store;

  StoreSearchFunction(StoreSearch search) {
    this.search = search;
  }

  @Override
  public void open(FunctionContext context) {
    store = search.open();
  }

  @Override
  public Collection<RowData> vectorSearch(int topK, RowData query) {
    return search.search(store, topK, StoreSearch.floats(query.getArray(0)));
  }

  @Override
  public void close() {
    if (store != null) {
      store.close();
      store = null;
    }
  }
}
