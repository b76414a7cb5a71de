// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ClassLabels;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ImageEmbedderTest {

  @Test
  void answersAsManyAsAskedInTheSameOrderOverSeveralRuns() throws IOException {
    try (ImageEmbedder embedder = embedder(TestingModel.SOUND, 8)) {
      List<Outcome> outcomes = embedder.embed(21, i -> TestingImages.solid(i * 10));

      assertThat(outcomes)
          .extracting(ImageEmbedderTest::level)
          .containsExactlyElementsOf(IntStream.range(0, 21).mapToObj(i -> i * 10).toList());
    }
  }

  @Test
  void aBadImageDoesNotHurtItsBatch() throws IOException {
    byte[][] images = {
      TestingImages.solid(1), new byte[0], TestingImages.solid(3), "some text".getBytes(UTF_8)
    };
    try (ImageEmbedder embedder = embedder(TestingModel.SOUND, 8)) {
      List<Outcome> outcomes = embedder.embed(images.length, i -> images[i]);

      assertThat(outcomes)
          .extracting(ImageEmbedderTest::summary)
          .containsExactly("1", "IMAGE EMPTY", "3", "IMAGE NOT_AN_IMAGE");
    }
  }

  @Test
  void anElementWithoutImageIsRefusedAsTheExtractorSays() throws IOException {
    try (ImageEmbedder embedder = embedder(TestingModel.SOUND, 8)) {
      List<Outcome> outcomes =
          embedder.embed(
              2,
              i -> {
                if (i == 0) {
                  throw new ElementRefusedException("NO_SUCH_FIELD", "there is no image in it");
                }
                return TestingImages.solid(9);
              });

      assertThat(outcomes)
          .extracting(ImageEmbedderTest::summary)
          .containsExactly("WIRE NO_SUCH_FIELD", "9");
    }
  }

  @Test
  void aBatchThatTheModelFailsOnIsHalvedUntilTheCulpritStandsAlone() throws IOException {
    for (int culprit = 0; culprit < 7; culprit++) {
      var fails = new TestingModel.Behaviour(culprit, -1, -1, false);
      try (ImageEmbedder embedder = embedder(fails, 8)) {
        List<Outcome> outcomes = embedder.embed(7, TestingImages::solid);

        for (int i = 0; i < 7; i++) {
          assertThat(summary(outcomes.get(i)))
              .isEqualTo(i == culprit ? "MODEL MODEL_FAILED" : String.valueOf(i));
        }
      }
    }
  }

  @Test
  void vectorsOfWrongLengthOrWithNanAreRefused() throws IOException {
    try (ImageEmbedder embedder = embedder(new TestingModel.Behaviour(-1, 2, 4, false), 8)) {
      List<Outcome> outcomes = embedder.embed(5, TestingImages::solid);

      assertThat(outcomes)
          .extracting(ImageEmbedderTest::summary)
          .containsExactly("0", "1", "VECTOR WRONG_LENGTH", "3", "VECTOR NOT_FINITE");
    }
  }

  @Test
  void aModelThatNoLongerRunsAtAllFailsInsteadOfRefusingEverything() {
    try (ImageEmbedder embedder = embedder(new TestingModel.Behaviour(-1, -1, -1, true), 8)) {
      assertThatThrownBy(() -> embedder.embed(3, TestingImages::solid))
          .isInstanceOf(ModelException.class)
          .hasMessage("out of memory");
    }
  }

  @Test
  void whatIsNotTheElementsFaultIsThrown() {
    try (ImageEmbedder embedder = embedder(TestingModel.SOUND, 8)) {
      assertThatThrownBy(
              () ->
                  embedder.embed(
                      1,
                      i -> {
                        throw new IOException("registry is down");
                      }))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void theModelIsGivenBackAlsoWhenItDoesNotSurviveWarmingUp() {
    int before = TestingModel.OPEN.get();
    embedder(TestingModel.SOUND, 2).close();
    // Warm-up images are mid-grey.
    assertThatThrownBy(() -> embedder(new TestingModel.Behaviour(128, -1, -1, false), 2))
        .isInstanceOf(ModelException.class);

    assertThat(TestingModel.OPEN.get()).isEqualTo(before);
  }

  @Test
  void anEmbeddingByAClassifierHasItsBestClassesBesideTheRawVector() throws IOException {
    ModelSource logits = TestingModel.classifying(new ClassLabels(LABELS, true));
    try (ImageEmbedder embedder = embedder(logits, 8, 5)) {
      List<Outcome> outcomes = embedder.embed(2, i -> TestingImages.solid(i * 3));

      Embedding dark = (Embedding) outcomes.get(0);
      assertThat(dark.vector()).containsExactly(0, 1);
      assertThat(dark.scores()).extracting(ClassScore::label).containsExactly("one", "level");
      Embedding light = (Embedding) outcomes.get(1);
      assertThat(light.vector()).containsExactly(3, 1);
      assertThat(light.scores())
          .containsExactly(
              new ClassScore("level", (float) (1 / (1 + Math.exp(-2)))),
              new ClassScore("one", (float) (1 / (1 + Math.exp(2)))));
    }
  }

  @Test
  void probabilitiesAreTakenAsTheyAreAndNoMoreThanAskedFor() throws IOException {
    ModelSource probabilities = TestingModel.classifying(new ClassLabels(LABELS, false));
    try (ImageEmbedder embedder = embedder(probabilities, 8, 1)) {
      Embedding embedding = (Embedding) embedder.embed(1, TestingImages::solid).get(0);

      assertThat(embedding.scores()).containsExactly(new ClassScore("one", 1));
    }
  }

  @Test
  void anEmbeddingByAModelThatIsNoClassifierHasNoScores() throws IOException {
    try (ImageEmbedder embedder = embedder(TestingModel.SOUND, 8)) {
      assertThat(((Embedding) embedder.embed(1, TestingImages::solid).get(0)).scores()).isEmpty();
    }
  }

  @Test
  void labelsThatAreNotAsManyAsTheClassesFailTheLoadingAndTheModelIsGivenBack() {
    int before = TestingModel.OPEN.get();
    ModelSource model = TestingModel.classifying(new ClassLabels(List.of("a", "b", "c"), true));

    assertThatThrownBy(() -> embedder(model, 2))
        .isInstanceOf(ModelException.class)
        .hasMessage("model testing has 3 labels for 2 classes; needed: a label for each");
    assertThat(TestingModel.OPEN.get()).isEqualTo(before);
  }

  private static final List<String> LABELS = List.of("level", "one");

  private static ImageEmbedder embedder(ModelSource model, int batchSize) {
    return embedder(model, batchSize, 5);
  }

  private static ImageEmbedder embedder(ModelSource model, int batchSize, int topK) {
    return new ImageEmbedder(
        model,
        new EmbedSettings(Preprocessing.REFERENCE, DecodeLimits.DEFAULT, batchSize, topK, 0));
  }

  private static int level(Outcome outcome) {
    return Math.round(((Embedding) outcome).vector()[0]);
  }

  private static String summary(Outcome outcome) {
    return outcome instanceof Refusal refusal
        ? refusal.stage() + " " + refusal.code()
        : String.valueOf(level(outcome));
  }
}
