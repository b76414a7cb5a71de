// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Cosine;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files and model as one: both stand for what is real only if an engine answers so. */
class SampleImagesTest {
  private static final TinyModel MODEL = TinyModel.ofDimension(24);

  @Test
  void aFileOfEveryFormatIsEmbeddedAsThatFormat() throws Exception {
    Map<String, byte[]> files = SampleImages.ofEveryFormat(3);
    assertThat(files).hasSize(6);
    try (ImageEmbedder embedder = embedder(MODEL)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Embedding embedding = (Embedding) answer(embedder, file.getValue());
        assertThat(embedding.image().format()).isEqualTo(file.getKey());
        assertThat(embedding.image().width()).isEqualTo(48);
        assertThat(embedding.vector()).hasSize(24);
      }
    }
  }

  @Test
  void everyFormatHasThePixelsOfTheSamePicture() throws Exception {
    try (ImageEmbedder embedder = embedder(TinyModel.create())) {
      float[] png = vector(embedder, SampleImages.png(5));
      SampleImages.ofEveryFormat(5)
          .forEach(
              (format, file) ->
                  assertThat(Cosine.of(png, vector(embedder, file)))
                      .as(format)
                      .isGreaterThan(0.99));
    }
  }

  @Test
  void whatIsRefusedIsRefusedByItsCodeAndTheRestOfTheBatchIsEmbedded() throws Exception {
    List<byte[]> files = new ArrayList<>(List.of(SampleImages.png(1)));
    List<String> codes = new ArrayList<>(List.of("none"));
    for (SampleImages.Refused refused : SampleImages.refused()) {
      files.add(refused.file());
      codes.add(refused.code());
    }
    try (ImageEmbedder embedder = embedder(MODEL)) {
      assertThat(embedder.embed(files.size(), files::get))
          .extracting(outcome -> outcome instanceof Refusal refusal ? refusal.code() : "none")
          .isEqualTo(codes);
    }
  }

  @Test
  void theSameImageHasTheSameVectorInWhateverBatchAndAnotherImageAnother() throws Exception {
    Set<List<Float>> vectors = new HashSet<>();
    List<byte[]> files = new ArrayList<>();
    for (int number = 0; number < 200; number++) {
      files.add(SampleImages.png(number));
    }
    List<Outcome> together;
    try (ImageEmbedder embedder = embedder(MODEL)) {
      together = embedder.embed(files.size(), files::get);
    }
    try (ImageEmbedder embedder = embedder(MODEL)) {
      for (int i = 0; i < files.size(); i++) {
        float[] alone = vector(embedder, files.get(i));
        assertThat(((Embedding) together.get(i)).vector()).isEqualTo(alone);
        List<Float> boxed = new ArrayList<>();
        for (float feature : alone) {
          boxed.add(feature);
        }
        vectors.add(boxed);
      }
    }
    assertThat(vectors).hasSameSizeAs(files);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 64, 1280})
  void vectorsAreOfAnyLengthAndHaveADirectionForPlainImages(int dimension) throws Exception {
    try (ImageEmbedder embedder = embedder(TinyModel.ofDimension(dimension))) {
      for (int level : new int[] {0, 128, 255}) {
        float[] vector = vector(embedder, SampleImages.plain(level, level, level));
        assertThat(vector).hasSize(dimension);
        assertThat(Cosine.length(vector)).isGreaterThan(1e-3f);
      }
    }
  }

  @Test
  void aClassifierHasScores() throws Exception {
    try (ImageEmbedder embedder = embedder(TinyModel.ofClasses("cat", "dog"))) {
      Embedding embedding = (Embedding) answer(embedder, SampleImages.jpeg(1));
      assertThat(embedding.scores()).extracting(score -> score.label()).contains("cat", "dog");
    }
  }

  @Test
  void modelsOfTwoLengthsOrPrecisionsAreOfTwoSpaces() {
    assertThat(space(MODEL))
        .isEqualTo(space(TinyModel.ofDimension(24)))
        .isNotEqualTo(space(TinyModel.create()))
        .isNotEqualTo(space(MODEL.in(Precision.BF16)));
  }

  private static String space(TinyModel model) {
    return model.descriptor().provenance(Preprocessing.REFERENCE).vectorSpace();
  }

  private static ImageEmbedder embedder(ModelSource model) {
    return new ImageEmbedder(model, EmbedSettings.ofBatches(8));
  }

  private static Outcome answer(ImageEmbedder embedder, byte[] file) {
    try {
      return embedder.embed(1, index -> file).get(0);
    } catch (Exception e) {
      throw new AssertionError(Arrays.toString(file), e);
    }
  }

  private static float[] vector(ImageEmbedder embedder, byte[] file) {
    return ((Embedding) answer(embedder, file)).vector();
  }
}
