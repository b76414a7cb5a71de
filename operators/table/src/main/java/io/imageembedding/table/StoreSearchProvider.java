// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import org.apache.flink.table.connector.source.search.AsyncVectorSearchFunctionProvider;
import org.apache.flink.table.connector.source.search.VectorSearchFunctionProvider;
import org.apache.flink.table.functions.AsyncVectorSearchFunction;
import org.apache.flink.table.functions.VectorSearchFunction;

/** A search of both kinds, of which Flink takes the asynchronous one unless it is told. */
record StoreSearchProvider(StoreSearch search)
    implements VectorSearchFunctionProvider, AsyncVectorSearchFunctionProvider {

  @Override
  public VectorSearchFunction createVectorSearchFunction() {
    return new StoreSearchFunction(search);
  }

  @Override
  public AsyncVectorSearchFunction createAsyncVectorSearchFunction() {
    return new AsyncStoreSearchFunction(search);
  }
}
