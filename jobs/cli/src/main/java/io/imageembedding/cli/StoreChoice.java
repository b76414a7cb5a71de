// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The option by which a command is told its store. */
final class StoreChoice {

  /** How a person names a store; a test holds it to the kinds that there are. */
  static final String FORMS =
      "lucene:PATH, milvus://HOST:PORT/DATABASE?collection=NAME or"
          + " postgresql://HOST:PORT/DATABASE?table=NAME&user=NAME.";

  @Option(
      names = "--store",
      paramLabel = "S",
      required = true,
      converter = StoreWait.Address.class,
      description = FORMS)
  private String address;

  @Mixin private StoreWait wait;

  /** Opens the store, as {@link StoreWait#open}. */
  VectorStore open(OpenMode mode) {
    return wait.open(address, mode);
  }

  @Override
  public String toString() {
    return address;
  }
}
