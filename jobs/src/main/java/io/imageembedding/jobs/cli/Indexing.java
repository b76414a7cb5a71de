// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.io.PrintWriter;
import java.util.List;

/** Writes to a store, counts what became of it, and names what it does not take. */
final class Indexing {
  private final VectorStore store;
  private final PrintWriter err;
  private long written;
  private long unchanged;
  private long refused;

  Indexing(VectorStore store, PrintWriter err) {
    this.store = store;
    this.err = err;
  }

  void write(List<? extends Change> changes) {
    if (changes.isEmpty()) {
      return;
    }
    WriteResult result = store.write(changes);
    written += result.written();
    unchanged += result.stale();
    for (RefusedChange change : result.refused()) {
      refused(change.id(), change.message());
    }
  }

  /** Names something that does not come into the store. */
  void refused(String what, String why) {
    refused++;
    err.println(what + ": " + why);
  }

  /** Counts what leaves the store as it is without being asked. */
  void unchanged(long changes) {
    unchanged += changes;
  }

  long written() {
    return written;
  }

  long unchanged() {
    return unchanged;
  }

  long refused() {
    return refused;
  }
}
