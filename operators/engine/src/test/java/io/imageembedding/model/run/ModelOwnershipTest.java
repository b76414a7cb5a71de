// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.optimize.FoldedNetwork;
import io.imageembedding.model.optimize.PrecisionChoice;
import io.imageembedding.model.source.TestingNetworks;
import io.imageembedding.tensorflow.GraphSession;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Models that fail while they are opened leave no native graph behind. */
class ModelOwnershipTest {
  private final int before = GraphSession.open();

  @AfterEach
  void nothingIsOpenThatWasNot() {
    assertThat(GraphSession.open()).isEqualTo(before);
  }

  @Test
  void aGraphThatCannotBeFedIsClosed() {
    RunnableGraph graph = new FoldedNetwork(TestingNetworks.seeded(0.35, 96, null)).graph();
    RunnableGraph fedNothing =
        new RunnableGraph(graph.definition(), null, null, graph.output(), null);

    assertThatThrownBy(() -> GraphModel.load("unfed", 96, fedNothing, "f00d", null))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aChoiceBetweenPrecisionsThatFailsClosesBoth() {
    GraphModel exact = model(TestingNetworks.seeded(0.35, 96, null));
    NetworkWeights larger = TestingNetworks.seeded(0.35, 128, null);

    assertThatThrownBy(() -> new PrecisionChoice("two sizes", larger, exact).of(Precision.BF16))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anAutomaticChoiceOfWhichOneFailsIsTheExactNetwork() {
    GraphModel exact = model(TestingNetworks.seeded(0.35, 96, null));
    NetworkWeights larger = TestingNetworks.seeded(0.35, 128, null);

    try (GraphModel chosen = new PrecisionChoice("two", larger, exact).of(Precision.AUTO)) {
      assertThat(chosen).isSameAs(exact);
      assertThat(GraphSession.open()).isEqualTo(before + 1);
    }
  }

  @Test
  void theChoiceLeavesOneOpen() {
    NetworkWeights weights = TestingNetworks.seeded(0.35, 96, null);
    try (GraphModel chosen =
        new PrecisionChoice("one", weights, model(weights)).of(Precision.AUTO)) {
      assertThat(chosen.descriptor().dimension()).isEqualTo(1280);
      assertThat(GraphSession.open()).isEqualTo(before + 1);
    }
  }

  @Test
  void aModelWhoseLabelsDoNotFitIsClosed() {
    ModelSource model =
        ModelSource.parse(
            "untrained:mobilenet_v2_0.35_96",
            ModelOptions.builder().labels(List.of("one")).build());

    assertThatThrownBy(model::load).isInstanceOf(ModelException.class);
  }

  private static GraphModel model(NetworkWeights weights) {
    return GraphModel.load(
        "seeded", 96, new FoldedNetwork(weights).graph(), "f00d", weights.network());
  }
}
