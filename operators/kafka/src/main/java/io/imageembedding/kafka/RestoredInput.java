// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.io.DataInputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitSerializer;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.io.SimpleVersionedSerialization;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.DefaultOperatorStateBackend;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a checkpoint or savepoint says of the input, read before a job is started with it. */
final class RestoredInput {
  private static final Logger LOG = LoggerFactory.getLogger(RestoredInput.class);

  /** As Flink's {@code SourceOperator} keeps them. */
  private static final ListStateDescriptor<byte[]> SPLITS =
      new ListStateDescriptor<>("SourceReaderState", BytePrimitiveArraySerializer.INSTANCE);

  private RestoredInput() {}

  /**
   * The offsets to go on from of the partitions that were not finished.
   *
   * @param path that Flink restores from
   * @param uid of the source
   * @return empty where the state cannot be read here; Flink says why, if it cannot either
   */
  static Optional<Map<TopicPartition, Long>> offsets(String path, String uid) {
    try {
      Map<TopicPartition, Long> offsets = new HashMap<>();
      for (KafkaPartitionSplit split : splits(handles(path, uid))) {
        offsets.put(split.getTopicPartition(), split.getStartingOffset());
      }
      return Optional.of(offsets);
    } catch (Exception e) {
      LOG.info("The offsets in {} cannot be read here", path, e);
      return Optional.empty();
    }
  }

  private static List<OperatorStateHandle> handles(String path, String uid) throws Exception {
    CompletedCheckpointStorageLocation location =
        AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(path);
    OperatorID source = new OperatorID(StreamGraphHasherV2.generateUserSpecifiedHash(uid));
    try (DataInputStream in = new DataInputStream(location.getMetadataHandle().openInputStream())) {
      return Checkpoints.loadCheckpointMetadata(in, loader(), location.getExternalPointer())
          .getOperatorStates()
          .stream()
          .filter(operator -> operator.getOperatorID().equals(source))
          .flatMap(operator -> operator.getStates().stream())
          .flatMap(subtask -> subtask.getManagedOperatorState().stream())
          .toList();
    }
  }

  private static Collection<KafkaPartitionSplit> splits(List<OperatorStateHandle> handles)
      throws Exception {
    Collection<KafkaPartitionSplit> splits = new ArrayList<>();
    try (CloseableRegistry registry = new CloseableRegistry();
        DefaultOperatorStateBackend state =
            new DefaultOperatorStateBackendBuilder(
                    loader(), new ExecutionConfig(), false, handles, registry)
                .build()) {
      for (byte[] split : state.getListState(SPLITS).get()) {
        splits.add(
            SimpleVersionedSerialization.readVersionAndDeSerialize(
                new KafkaPartitionSplitSerializer(), split));
      }
    }
    return splits;
  }

  private static ClassLoader loader() {
    return RestoredInput.class.getClassLoader();
  }
}
