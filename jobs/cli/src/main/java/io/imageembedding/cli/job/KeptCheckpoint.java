// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.jobs.JobPaths;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.AbstractChannelStateHandle;
import org.apache.flink.runtime.state.AbstractMergedChannelStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.StateObject;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filemerging.SegmentFileStateHandle;

/**
 * A complete checkpoint or savepoint on this machine.
 *
 * @param folder with the file of metadata
 */
@Internal
public record KeptCheckpoint(Path folder) {

  /** Written last, so that what has it is complete. */
  static final String METADATA = "_metadata";

  /** Milliseconds since 1970 when it was completed. */
  long completed() {
    return folder.resolve(METADATA).toFile().lastModified();
  }

  /**
   * Why it cannot be gone on from, as far as files say: metadata that cannot be read to its end, or
   * a file of state that is not there or shorter than it was. Empty if nothing is found.
   */
  Optional<String> damage() {
    Path metadata = folder.resolve(METADATA);
    if (!Files.isRegularFile(metadata)) {
      return Optional.of("it has no " + METADATA);
    }
    Collection<OperatorState> operators;
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(metadata)))) {
      operators =
          Checkpoints.loadCheckpointMetadata(
                  in, KeptCheckpoint.class.getClassLoader(), JobPaths.address(folder))
              .getOperatorStates();
    } catch (EOFException e) {
      return Optional.of("its " + METADATA + " ends too early");
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // Lengths in damaged metadata ask for anything.
      return Optional.of("its " + METADATA + " cannot be read");
    }
    return operators.stream()
        .flatMap(operator -> operator.getStates().stream())
        .flatMap(KeptCheckpoint::states)
        .map(KeptCheckpoint::damage)
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Stream<StateObject> states(OperatorSubtaskState subtask) {
    return Stream.<Collection<? extends StateObject>>of(
            subtask.getManagedOperatorState(),
            subtask.getRawOperatorState(),
            subtask.getManagedKeyedState(),
            subtask.getRawKeyedState(),
            subtask.getInputChannelState(),
            subtask.getUpstreamOutputBufferState(),
            subtask.getResultSubpartitionState())
        .flatMap(Collection::stream);
  }

  private static Optional<String> damage(StateObject state) {
    if (state instanceof AbstractChannelStateHandle<?> channel) {
      return damage(channel.getDelegate());
    }
    if (state instanceof AbstractMergedChannelStateHandle<?, ?> channels) {
      return damage(channels.getDelegate());
    }
    if (state instanceof IncrementalRemoteKeyedStateHandle keyed) {
      return keyed
          .streamSubHandles()
          .map(KeptCheckpoint::damage)
          .flatMap(Optional::stream)
          .findFirst();
    }
    if (state instanceof SegmentFileStateHandle segment) {
      return damage(segment.getFilePath(), segment.getStartPos() + segment.getStateSize());
    }
    if (state instanceof StreamStateHandle stream) {
      return stream.maybeGetPath().flatMap(file -> damage(file, stream.getStateSize()));
    }
    return Optional.empty();
  }

  private static Optional<String> damage(org.apache.flink.core.fs.Path file, long size) {
    if (!List.of("file", "null").contains(String.valueOf(file.toUri().getScheme()))) {
      return Optional.empty();
    }
    Path local = Path.of(file.getPath());
    if (!Files.isRegularFile(local)) {
      return Optional.of("its file " + local + " is missing");
    }
    return local.toFile().length() < size
        ? Optional.of(
            "its file " + local + " has only " + local.toFile().length() + " of " + size + " bytes")
        : Optional.empty();
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
