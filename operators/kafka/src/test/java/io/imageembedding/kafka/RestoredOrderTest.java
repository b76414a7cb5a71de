// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.flink.EmbedOptions;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.InputChannelStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoredOrderTest {
  private static final String UID = "image-embedding/micro-batch";

  @TempDir Path folder;

  @Test
  void imagesOnTheirWayBetweenSlotsAreNotLostByAJobThatKeepsOrder() throws Exception {
    Configuration config = restoring(checkpoint(true));

    assertThatExceptionOfType(KafkaSetupException.class)
        .isThrownBy(() -> RestoredOrder.check(config, UID))
        .withMessageContaining("holds images on their way between slots")
        .withMessageContaining("image-embedding.unordered: true, or a savepoint");
    config.set(EmbedOptions.UNORDERED, true);
    assertThatCode(() -> RestoredOrder.check(config, UID)).doesNotThrowAnyException();
  }

  @Test
  void whatHoldsNoneIsGoneOnFromByEither() throws Exception {
    Configuration config = restoring(checkpoint(false));

    assertThatCode(() -> RestoredOrder.check(config, UID)).doesNotThrowAnyException();
    assertThatCode(() -> RestoredOrder.check(new Configuration(), UID)).doesNotThrowAnyException();
    assertThatCode(() -> RestoredOrder.check(restoring(folder.resolve("none")), UID))
        .doesNotThrowAnyException();
  }

  private static Configuration restoring(Path checkpoint) {
    return new Configuration()
        .set(StateRecoveryOptions.SAVEPOINT_PATH, checkpoint.toUri().toString());
  }

  private Path checkpoint(boolean unaligned) throws IOException {
    OperatorSubtaskState.Builder subtask = OperatorSubtaskState.builder();
    if (unaligned) {
      subtask.setInputChannelState(
          StateObjectCollection.singleton(
              new InputChannelStateHandle(
                  new InputChannelInfo(0, 0),
                  new ByteStreamStateHandle("images", new byte[9]),
                  List.of(0L))));
    }
    OperatorState operator =
        new OperatorState(
            null, UID, new OperatorID(StreamGraphHasherV2.generateUserSpecifiedHash(UID)), 1, 128);
    operator.putState(0, subtask.build());
    Path checkpoint = Files.createDirectories(folder.resolve("checkpoint-" + unaligned));
    try (DataOutputStream out =
        new DataOutputStream(Files.newOutputStream(checkpoint.resolve("_metadata")))) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(1, List.of(operator), List.of()), out);
    }
    return checkpoint;
  }
}
