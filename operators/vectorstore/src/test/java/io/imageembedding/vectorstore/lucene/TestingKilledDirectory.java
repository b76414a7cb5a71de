// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;

/**
 * Stops for ever, and says so on standard output, when Lucene comes to a moment of a commit or a
 * merge, so that the process can be killed in just that.
 */
final class TestingKilledDirectory extends FilterDirectory {

  /** A moment, in the order in which they come. */
  enum Moment {
    MERGE_BEGINS,
    MERGE_HAS_WRITTEN_VECTORS,
    COMMIT_SYNCS_SEGMENTS,
    COMMIT_SYNCS_PENDING,
    COMMIT_RENAMES,
    COMMIT_HAS_RENAMED,
    COMMIT_DELETES_WHAT_IS_OLD;

    boolean isOfAMerge() {
      return compareTo(MERGE_HAS_WRITTEN_VECTORS) <= 0;
    }
  }

  private final Moment moment;
  private volatile boolean armed;

  TestingKilledDirectory(Directory in, Moment moment) {
    super(in);
    this.moment = moment;
  }

  /** From now on it stops. */
  void arm() {
    armed = true;
  }

  private void reach(Moment reached, boolean really) {
    if (!armed || reached != moment || !really) {
      return;
    }
    System.out.println(moment);
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public IndexOutput createOutput(String name, IOContext context) throws IOException {
    boolean merges = context.mergeInfo != null;
    reach(Moment.MERGE_BEGINS, merges);
    reach(Moment.MERGE_HAS_WRITTEN_VECTORS, merges && name.endsWith(".vex"));
    return super.createOutput(name, context);
  }

  @Override
  public void sync(Collection<String> names) throws IOException {
    boolean pending = names.stream().anyMatch(name -> name.startsWith("pending_segments"));
    reach(Moment.COMMIT_SYNCS_SEGMENTS, !pending);
    reach(Moment.COMMIT_SYNCS_PENDING, pending);
    super.sync(names);
  }

  @Override
  public void rename(String source, String target) throws IOException {
    reach(Moment.COMMIT_RENAMES, target.startsWith("segments"));
    super.rename(source, target);
    reach(Moment.COMMIT_HAS_RENAMED, target.startsWith("segments"));
  }

  @Override
  public void deleteFile(String name) throws IOException {
    reach(Moment.COMMIT_DELETES_WHAT_IS_OLD, name.startsWith("segments"));
    super.deleteFile(name);
  }
}
