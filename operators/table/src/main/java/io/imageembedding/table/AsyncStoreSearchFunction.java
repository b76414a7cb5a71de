// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.annotation.Internal;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncVectorSearchFunction;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Searches a store while the task goes on. A future never fails: Flink would print the row that was
 * searched for. A query fails when it reads the answer of a store that cannot be searched.
 */
@Internal
public final class AsyncStoreSearchFunction extends AsyncVectorSearchFunction {
  private static final long serialVersionUID = 1L;
  private static final int THREADS = 4;

  private final StoreSearch search;
  private transient @Nullable VectorStore store;
  private transient @Nullable ExecutorService threads;

  AsyncStoreSearchFunction(StoreSearch search) {
    this.search = search;
  }

  @Override
  public void open(FunctionContext context) {
    store = search.open();
    threads =
        Executors.newFixedThreadPool(
            THREADS,
            new ExecutorThreadFactory(
                "vector-search-" + context.getTaskInfo().getIndexOfThisSubtask()));
  }

  @Override
  public CompletableFuture<Collection<RowData>> asyncVectorSearch(int topK, RowData query) {
    // Read here: the row is the task's.
    float[] vector = StoreSearch.floats(query.getArray(0));
    VectorStore opened = store;
    CompletableFuture<Collection<RowData>> answer = new CompletableFuture<>();
    threads.execute(() -> answer.complete(found(opened, topK, vector)));
    return answer;
  }

  private Collection<RowData> found(VectorStore opened, int topK, float[] vector) {
    try {
      return search.search(opened, topK, vector);
    } catch (Throwable e) {
      // Whatever it is, the task has to hear of it instead of waiting for ever.
      return List.of(
          new FailedRow(
              search.columns().size() + 1,
              e instanceof RuntimeException failure
                  ? failure
                  : new StoreException("the store cannot be searched: " + e.getMessage(), e)));
    }
  }

  @Override
  public void close() {
    try {
      // The store first: that ends its waiting for what can pass.
      if (store != null) {
        store.close();
        store = null;
      }
    } finally {
      if (threads != null) {
        threads.shutdownNow();
        threads = null;
      }
    }
  }
}
