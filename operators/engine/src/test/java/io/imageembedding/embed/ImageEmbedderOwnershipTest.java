// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.ClassLabels;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelException;
import io.imageembedding.tensorflow.GraphSession;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nothing stays open, whatever fails and wherever. */
class ImageEmbedderOwnershipTest {

  /** The steps of opening an embedder, in their order. */
  private enum Step {
    NEW_INPUT,
    DESCRIPTOR,
    CLASSES,
    FIRST_RUN,
    SECOND_RUN,
    NONE
  }

  private record Failure(Step step, Throwable thrown) {}

  static Stream<Failure> failures() {
    return Stream.of(
            new OutOfMemoryError("Physical memory usage is too high"),
            new StackOverflowError("deep"),
            new IllegalStateException("native"),
            new ModelException("refused"))
        .flatMap(
            thrown ->
                Stream.of(Step.values())
                    .filter(step -> step != Step.NONE)
                    .map(step -> new Failure(step, thrown)));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void openingThatFailsLeavesNothingOpen(Failure failure) {
    int graphs = GraphSession.open();
    FailingModel model = new FailingModel(failure, null);

    assertThatThrownBy(() -> new ImageEmbedder(() -> model, EmbedSettings.ofBatches(2)))
        .isSameAs(failure.thrown());
    assertThat(model.closed).isEqualTo(1);
    assertThat(GraphSession.open()).isEqualTo(graphs);
  }

  @Test
  void closingThatFailsClosesTheRest() {
    int graphs = GraphSession.open();
    Error failure = new StackOverflowError("closing");
    FailingModel model = new FailingModel(new Failure(Step.NONE, null), failure);
    ImageEmbedder embedder = new ImageEmbedder(() -> model, EmbedSettings.ofBatches(2));
    assertThat(GraphSession.open()).isGreaterThan(graphs);

    assertThatThrownBy(embedder::close).isSameAs(failure);
    assertThat(GraphSession.open()).isEqualTo(graphs);
    embedder.close();
    assertThat(model.closed).isEqualTo(1);
  }

  private static final class FailingModel implements FeatureVectorModel {
    private final Failure failure;
    private final Error onClose;
    private int runs;
    private int closed;

    FailingModel(Failure failure, Error onClose) {
      this.failure = failure;
      this.onClose = onClose;
    }

    private void at(Step step) {
      if (step == failure.step()) {
        if (failure.thrown() instanceof Error error) {
          throw error;
        }
        throw (RuntimeException) failure.thrown();
      }
    }

    @Override
    public ModelDescriptor descriptor() {
      at(Step.DESCRIPTOR);
      return TestingModel.DESCRIPTOR;
    }

    @Override
    public ImageTensor newInput(int capacity) {
      at(Step.NEW_INPUT);
      return new ImageTensor(TestingModel.SIZE, capacity);
    }

    @Override
    public Optional<ClassLabels> classes() {
      at(Step.CLASSES);
      return Optional.of(new ClassLabels(List.of("a", "b"), true));
    }

    @Override
    public float[][] embed(ImageTensor images) {
      at(runs++ == 0 ? Step.FIRST_RUN : Step.SECOND_RUN);
      return new float[images.count()][2];
    }

    @Override
    public void close() {
      closed++;
      if (onClose != null) {
        throw onClose;
      }
    }
  }
}
