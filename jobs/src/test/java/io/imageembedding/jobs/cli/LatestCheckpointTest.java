// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatestCheckpointTest {
  @TempDir Path folder;

  @Test
  void theNewestWithMetadataIsTaken() throws IOException {
    Path old = checkpoint("job-b/chk-9", 1_000);
    Path newest = checkpoint("job-a/chk-2", 3_000);
    checkpoint("savepoints/savepoint-1", 2_000);
    Files.createDirectories(folder.resolve("job-c/chk-3"));

    assertThat(LatestCheckpoint.below(folder)).contains(newest);
    assertThat(LatestCheckpoint.below(old)).contains(old);
    assertThat(LatestCheckpoint.below(folder.resolve("job-c"))).isEmpty();
    assertThat(LatestCheckpoint.below(folder.resolve("none"))).isEmpty();
  }

  private Path checkpoint(String name, long time) throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve(name));
    Path metadata = Files.createFile(checkpoint.resolve("_metadata"));
    Files.setLastModifiedTime(metadata, FileTime.fromMillis(time));
    return checkpoint;
  }
}
