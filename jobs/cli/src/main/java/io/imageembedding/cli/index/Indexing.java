// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.index;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.WriteResult;
import java.io.PrintWriter;
import java.util.List;
import org.apache.flink.annotation.Internal;

/** Writes to a store, counts what became of it, and names what it does not take. */
@Internal
public final class Indexing {
  private final VectorStore store;
  private final PrintWriter err;
  private long written;
  private long unchanged;
  private long refused;

  public Indexing(VectorStore store, PrintWriter err) {
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
  public void refused(String what, String why) {
    refused++;
    err.println(what + ": " + why);
  }

  /** The same in a line that says what and why. */
  public void refused(String line) {
    refused++;
    err.println(line);
  }

  /** Counts what leaves the store as it is without being asked. */
  public void unchanged(long changes) {
    unchanged += changes;
  }

  public long written() {
    return written;
  }

  public long unchanged() {
    return unchanged;
  }

  public long refused() {
    return refused;
  }
}
