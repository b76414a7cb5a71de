// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.testkit.VectorStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class LuceneContractTest extends VectorStoreContract {
  @TempDir Path folder;

  @Override
  protected String address() {
    return "lucene:" + folder.resolve("store");
  }
}
