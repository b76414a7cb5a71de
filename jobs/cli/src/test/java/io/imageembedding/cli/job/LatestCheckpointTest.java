// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.cli.output.CommandFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatestCheckpointTest {
  private static final int STATE_BYTES = 30_000;

  @TempDir Path folder;

  @Test
  void theNewestThatIsCompleteIsTaken() throws IOException {
    Path old = checkpoint("job-b/chk-9", 1_000);
    Path newest = checkpoint("job-a/chk-2", 3_000);
    checkpoint("savepoints/savepoint-1", 2_000);
    Files.createDirectories(folder.resolve("job-c/chk-3"));

    assertThat(chosenBelow(folder)).isEqualTo(newest);
    assertThat(chosenBelow(old)).isEqualTo(old);
    for (String none : List.of("job-c", "none")) {
      assertThatThrownBy(() -> LatestCheckpoint.below(folder.resolve(none)))
          .isInstanceOf(CommandFailure.class)
          .hasMessageStartingWith("there is no complete checkpoint below");
    }
  }

  @Test
  void damagedOnesAreNamedAndTheNextOlderIsTaken() throws IOException {
    Path good = checkpoint("job/chk-1", 1_000);
    Path cutState = checkpoint("job/chk-2", 2_000);
    Files.write(state(cutState), new byte[STATE_BYTES - 1]);
    Path noState = checkpoint("job/chk-3", 3_000);
    Files.delete(state(noState));
    Path garbage = checkpoint("job/chk-4", 4_000);
    byte[] bytes = Files.readAllBytes(metadata(garbage));
    Arrays.fill(bytes, 8, bytes.length, (byte) 0x7f);
    rewrite(garbage, bytes, 4_000);
    Path empty = checkpoint("job/chk-5", 5_000);
    rewrite(empty, new byte[0], 5_000);

    LatestCheckpoint.Choice choice = LatestCheckpoint.below(folder);

    assertThat(choice.checkpoint().folder()).isEqualTo(good);
    assertThat(choice.damaged())
        .containsExactly(
            "checkpoint " + empty + " is damaged: its _metadata ends too early",
            "checkpoint " + garbage + " is damaged: its _metadata cannot be read",
            "checkpoint " + noState + " is damaged: its file " + state(noState) + " is missing",
            "checkpoint "
                + cutState
                + " is damaged: its file "
                + state(cutState)
                + " has only 29999 of 30000 bytes");
  }

  @Test
  void metadataThatIsCutAnywhereIsFound() throws IOException {
    Path good = checkpoint("job/chk-1", 1_000);
    Path cut = checkpoint("job/chk-2", 2_000);
    byte[] whole = Files.readAllBytes(metadata(cut));
    for (int length = 0; length < whole.length; length++) {
      rewrite(cut, Arrays.copyOf(whole, length), 2_000);

      assertThat(chosenBelow(folder)).as("%s of %s bytes", length, whole.length).isEqualTo(good);
    }
  }

  @Test
  void aDamagedOneThatWasNamedIsRefusedWithTheNextOlder() throws IOException {
    Path oldest = checkpoint("job/chk-1", 1_000);
    Path named = checkpoint("job/chk-2", 2_000);
    checkpoint("job/chk-3", 3_000);
    LatestCheckpoint.requireUndamaged(named, folder);
    LatestCheckpoint.requireUndamaged(metadata(named), folder);
    Files.delete(state(named));

    for (Path each : List.of(named, metadata(named))) {
      assertThatThrownBy(() -> LatestCheckpoint.requireUndamaged(each, folder))
          .isInstanceOf(CommandFailure.class)
          .hasMessage(
              "checkpoint "
                  + named
                  + " cannot be used: its file "
                  + state(named)
                  + " is missing; the next older one that can be used: --restore "
                  + oldest);
    }
    Files.delete(metadata(oldest));
    assertThatThrownBy(() -> LatestCheckpoint.requireUndamaged(named, folder))
        .hasMessageEndingWith("there is no older one below " + folder);
    assertThatThrownBy(() -> LatestCheckpoint.below(oldest))
        .hasMessageStartingWith("there is no complete checkpoint");
    assertThatThrownBy(() -> LatestCheckpoint.requireUndamaged(folder.resolve("no"), folder))
        .hasMessage("there is no checkpoint " + folder.resolve("no"));
  }

  private Path chosenBelow(Path below) {
    return LatestCheckpoint.below(below).checkpoint().folder();
  }

  private static Path metadata(Path checkpoint) {
    return checkpoint.resolve("_metadata");
  }

  private static Path state(Path checkpoint) {
    return checkpoint.resolve("state");
  }

  private static void rewrite(Path checkpoint, byte[] bytes, long time) throws IOException {
    Files.write(metadata(checkpoint), bytes);
    Files.setLastModifiedTime(metadata(checkpoint), FileTime.fromMillis(time));
  }

  /** As Flink writes it, with one file of state. */
  private Path checkpoint(String name, long time) throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve(name));
    Files.write(state(checkpoint), new byte[STATE_BYTES]);
    OperatorState operator = new OperatorState("embed", "embed", new OperatorID(1, 2), 1, 128);
    operator.putState(
        0,
        OperatorSubtaskState.builder()
            .setManagedOperatorState(
                new OperatorStreamStateHandle(
                    Map.of(
                        "offsets",
                        new OperatorStateHandle.StateMetaInfo(
                            new long[] {0}, OperatorStateHandle.Mode.SPLIT_DISTRIBUTE)),
                    new FileStateHandle(
                        new org.apache.flink.core.fs.Path(state(checkpoint).toUri()), STATE_BYTES)))
            .build());
    try (OutputStream out = Files.newOutputStream(metadata(checkpoint))) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(1, List.of(operator), List.of()), out);
    }
    Files.setLastModifiedTime(metadata(checkpoint), FileTime.fromMillis(time));
    return checkpoint;
  }
}
