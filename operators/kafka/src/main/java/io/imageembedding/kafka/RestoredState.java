// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.io.DataInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.io.SimpleVersionedSerialization;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.DefaultOperatorStateBackend;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a checkpoint or savepoint holds, read before a job is started with it. */
final class RestoredState {
  private static final Logger LOG = LoggerFactory.getLogger(RestoredState.class);

  private RestoredState() {}

  /**
   * The elements of a list that all subtasks of one operator have, which is kept as Flink keeps
   * what sources and sinks of its interfaces have in lists.
   *
   * @param path that Flink restores from
   * @param uid of the operator
   * @return empty where the state cannot be read here; Flink says why, if it cannot either
   */
  static <T> Optional<List<T>> list(
      String path, String uid, String name, SimpleVersionedSerializer<T> serializer) {
    ListStateDescriptor<byte[]> descriptor =
        new ListStateDescriptor<>(name, BytePrimitiveArraySerializer.INSTANCE);
    try (CloseableRegistry registry = new CloseableRegistry();
        DefaultOperatorStateBackend state =
            new DefaultOperatorStateBackendBuilder(
                    loader(), new ExecutionConfig(), false, handles(path, uid), registry)
                .build()) {
      List<T> elements = new ArrayList<>();
      for (byte[] element : state.getListState(descriptor).get()) {
        elements.add(SimpleVersionedSerialization.readVersionAndDeSerialize(serializer, element));
      }
      return Optional.of(elements);
    } catch (Exception e) {
      LOG.info("State {} of {} in {} cannot be read here", name, uid, path, e);
      return Optional.empty();
    }
  }

  private static List<OperatorStateHandle> handles(String path, String uid) throws Exception {
    return subtasks(path, uid).stream()
        .flatMap(subtask -> subtask.getManagedOperatorState().stream())
        .toList();
  }

  /**
   * Whether elements were on their way to an operator, as an unaligned checkpoint keeps them.
   *
   * @param path that Flink restores from
   * @param uid of the operator
   * @return false where the state cannot be read here
   */
  static boolean hasElementsOnTheWayTo(String path, String uid) {
    try {
      return subtasks(path, uid).stream()
          .anyMatch(subtask -> !subtask.getInputChannelState().isEmpty());
    } catch (Exception e) {
      LOG.info("State {} cannot be read here", path, e);
      return false;
    }
  }

  private static List<OperatorSubtaskState> subtasks(String path, String uid) throws Exception {
    CompletedCheckpointStorageLocation location =
        AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(path);
    OperatorID wanted = new OperatorID(StreamGraphHasherV2.generateUserSpecifiedHash(uid));
    try (DataInputStream in = new DataInputStream(location.getMetadataHandle().openInputStream())) {
      return Checkpoints.loadCheckpointMetadata(in, loader(), location.getExternalPointer())
          .getOperatorStates()
          .stream()
          .filter(operator -> operator.getOperatorID().equals(wanted))
          .flatMap(operator -> operator.getStates().stream())
          .toList();
    }
  }

  private static ClassLoader loader() {
    return RestoredState.class.getClassLoader();
  }
}
