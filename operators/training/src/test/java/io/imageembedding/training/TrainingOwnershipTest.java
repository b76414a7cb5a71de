// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelSource;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.source.TrainableNetworks;
import io.imageembedding.tensorflow.GraphSession;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingOwnershipTest {

  @Test
  void aTrainingThatCannotBeginLeavesNoNativeGraphOpen() {
    int before = GraphSession.open();
    TrainableNetwork sound =
        TrainableNetworks.read(ModelSource.parse("untrained:mobilenet_v2_0.35_96"));
    TrainableNetwork broken =
        new TrainableNetwork(
            sound.weights(), sound.batchNormDecay(), List.of(Regularizer.weightDecay("gone", 1)));
    TrainingImages images = new TrainingImages(List.of("a", "b"), List.of(), List.of(), List.of());

    assertThatThrownBy(
            () ->
                new TrainingRun(
                    broken,
                    images,
                    Path.of("unused"),
                    FineTuneOptions.defaults(false),
                    FineTuneListener.NONE))
        .isInstanceOf(FineTuneException.class);
    assertThat(GraphSession.open()).isEqualTo(before);
  }
}
