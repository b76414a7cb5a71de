// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.ModelSource;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FineTunerTest {
  private static final ModelSource NETWORK = ModelSource.parse("untrained:mobilenet_v2_0.35_96");
  private static final int EACH = 10;

  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatWasLearnedIsAModelWithItsLabels(boolean headOnly) throws Exception {
    FineTuneResult result =
        FineTuner.run(
            NETWORK,
            images(),
            temporary.resolve("out"),
            options(headOnly, 2),
            FineTuneListener.NONE);

    assertThat(result.labels()).containsExactly("blue", "red");
    assertThat(result.history()).hasSize(2);
    assertThat(Arrays.stream(result.confusion()).flatMapToInt(Arrays::stream).sum()).isEqualTo(2);
    try (FeatureVectorModel model = ModelSource.parse(result.model().toString()).load();
        ImageTensor image = new ImageTensor(96, 1)) {
      assertThat(model.classes().orElseThrow().labels()).containsExactly("blue", "red");
      assertThat(model.classes().orElseThrow().logits()).isFalse();
      image.append(new float[96 * 96 * 3]);
      float[] scores = model.embed(image)[0];
      assertThat(scores).hasSize(2);
      assertThat(scores[0] + scores[1]).isBetween(0.9999f, 1.0001f);
    }
    ModelSource features =
        ModelSource.parse(
            result.model().toString(),
            ModelOptions.builder().modelOutput(ModelOutput.FEATURES).build());
    try (FeatureVectorModel trained = features.load();
        FeatureVectorModel before = NETWORK.load()) {
      assertThat(trained.descriptor().dimension()).isEqualTo(1280);
      // Features of a head that was trained alone are those that it was trained on.
      assertThat(trained.descriptor().sha256().equals(before.descriptor().sha256()))
          .isEqualTo(headOnly);
    }
    for (String picture : List.of("learning-curve.svg", "confusion-matrix.svg")) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(temporary.resolve("out").resolve(picture).toFile());
    }
    assertThat(temporary.resolve("out/training.json")).exists();
  }

  @Test
  void anInterruptedTrainingGoesOnAsIfNothingHadBeen() throws Exception {
    Path images = images();
    FineTuneOptions options =
        restless(false, 3, new Augmentation(true, 0.3, 20, 0.1), OptionalInt.of(3));
    FineTuneResult whole =
        FineTuner.run(NETWORK, images, temporary.resolve("whole"), options, FineTuneListener.NONE);
    Path output = temporary.resolve("interrupted");
    List<Integer> resumed = new ArrayList<>();

    assertThatThrownBy(
            () -> FineTuner.run(NETWORK, images, output, options, new InterruptedAfter(1)))
        .hasMessage("interrupted");
    assertThat(output.resolve("model")).doesNotExist();
    FineTuneResult result =
        FineTuner.run(
            NETWORK,
            images,
            output,
            options,
            new FineTuneListener() {
              @Override
              public void resumed(int epochs) {
                resumed.add(epochs);
              }
            });

    assertThat(resumed).containsExactly(1);
    assertThat(result.history()).hasSize(3);
    for (int i = 0; i < 3; i++) {
      assertThat(result.history().get(i).loss()).isEqualTo(whole.history().get(i).loss());
    }
    String variables = "variables/variables.data-00000-of-00001";
    assertThat(result.model().resolve(variables))
        .hasSameBinaryContentAs(whole.model().resolve(variables));
  }

  @Test
  void patienceEndsATrainingWithTheWeightsOfItsBestEpoch() throws Exception {
    Path images = images();
    List<Integer> stopped = new ArrayList<>();
    FineTuneListener listener =
        new FineTuneListener() {
          @Override
          public void stopped(int bestEpoch) {
            stopped.add(bestEpoch);
          }
        };
    FineTuneOptions patient = restless(true, 40, Augmentation.NONE, OptionalInt.of(2));
    FineTuneResult result =
        FineTuner.run(NETWORK, images, temporary.resolve("patient"), patient, listener);

    int best = result.epoch();
    assertThat(stopped).containsExactly(best);
    assertThat(result.history()).hasSize(best + 2).hasSizeLessThan(40);
    double least = result.history().get(best - 1).validationLoss();
    assertThat(result.history()).allMatch(figures -> figures.validationLoss() >= least);

    // Another run that ends with that epoch has the same weights.
    FineTuneResult shorter =
        FineTuner.run(
            NETWORK,
            images,
            temporary.resolve("shorter"),
            restless(true, best, Augmentation.NONE, OptionalInt.empty()),
            FineTuneListener.NONE);
    String variables = "variables/variables.data-00000-of-00001";
    assertThat(result.model().resolve(variables))
        .hasSameBinaryContentAs(shorter.model().resolve(variables));

    // Started again it has ended, and says the same.
    FineTuneResult again =
        FineTuner.run(NETWORK, images, temporary.resolve("patient"), patient, listener);
    assertThat(again.history()).isEqualTo(result.history());
    assertThat(again.epoch()).isEqualTo(best);
    assertThat(again.model().resolve(variables))
        .hasSameBinaryContentAs(shorter.model().resolve(variables));
  }

  @Test
  void patienceWithNothingToMeasureOnIsRefused() throws Exception {
    Path images = images();
    for (String name : List.of("red", "blue")) {
      for (int i = 1; i < EACH; i++) {
        Files.delete(images.resolve(name).resolve(i + ".png"));
      }
    }

    assertThatThrownBy(
            () ->
                FineTuner.run(
                    NETWORK,
                    images,
                    temporary.resolve("out"),
                    restless(true, 3, Augmentation.NONE, OptionalInt.of(2)),
                    FineTuneListener.NONE))
        .isInstanceOf(FineTuneException.class)
        .hasMessageContaining("patience: no image of " + images + " is held back");
    assertThat(temporary.resolve("out")).doesNotExist();
  }

  @Test
  void imagesThatAreTakenForAnotherClassAreNamed() throws Exception {
    Path images = images();
    for (int i = 0; i < 2; i++) {
      Files.copy(images.resolve("red/" + i + ".png"), images.resolve("blue/red" + i + ".png"));
    }
    FineTuneResult result =
        FineTuner.run(
            NETWORK, images, temporary.resolve("out"), options(true, 3, 0), FineTuneListener.NONE);

    int[][] confusion = result.confusion();
    assertThat(result.misclassified()).hasSize(confusion[0][1] + confusion[1][0]).isNotEmpty();
    assertThat(result.misclassified())
        .allSatisfy(
            image -> {
              assertThat(images.resolve(image.file())).exists();
              assertThat(image.file()).startsWith(image.label() + "/");
              assertThat(image.takenFor()).isNotEqualTo(image.label());
              assertThat(image.probability()).isBetween(0.5, 1.0);
            });
    // Of two equal images in two classes exactly one is taken for another class.
    List<String> files = result.misclassified().stream().map(Misclassified::file).toList();
    for (int i = 0; i < 2; i++) {
      assertThat(files.contains("red/" + i + ".png"))
          .isNotEqualTo(files.contains("blue/red" + i + ".png"));
    }
    assertThat(temporary.resolve("out/training.json"))
        .content()
        .contains(files.get(0), "\"takenFor\"");
  }

  @Test
  void augmentationChangesWhatAHeadLearnsFromAndNotWhatIsMeasured() throws Exception {
    Path images = images();
    List<Double> losses = new ArrayList<>();
    for (Augmentation augmentation :
        List.of(Augmentation.NONE, new Augmentation(true, 0.5, 45, 0.2))) {
      FineTuneResult result =
          FineTuner.run(
              NETWORK,
              images,
              temporary.resolve("out" + losses.size()),
              new FineTuneOptions(
                  true,
                  1,
                  8,
                  1e-30,
                  LearningRateSchedule.COSINE,
                  0.9,
                  0.1,
                  0,
                  0.2,
                  7,
                  OptionalDouble.empty(),
                  OptionalDouble.empty(),
                  BatchNormStatistics.ESTIMATED,
                  augmentation,
                  OptionalInt.empty()),
              FineTuneListener.NONE);
      losses.add(result.history().get(0).loss());
      losses.add(result.history().get(0).validationLoss());
    }

    assertThat(losses.get(2)).isNotEqualTo(losses.get(0));
    assertThat(losses.get(3)).isEqualTo(losses.get(1));
  }

  /** At a rate that stays, and is too high to settle. */
  private static FineTuneOptions restless(
      boolean headOnly, int epochs, Augmentation augmentation, OptionalInt patience) {
    return new FineTuneOptions(
        headOnly,
        epochs,
        8,
        headOnly ? 0.5 : 0.01,
        LearningRateSchedule.CONSTANT,
        0.9,
        0.1,
        0.2,
        0.2,
        7,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        BatchNormStatistics.ESTIMATED,
        augmentation,
        patience);
  }

  /** Throws in the middle of the epoch after that many. */
  private record InterruptedAfter(int epochs) implements FineTuneListener {
    @Override
    public void step(int epoch, int step, int steps, double loss, double accuracy) {
      if (epoch > epochs) {
        throw new IllegalStateException("interrupted");
      }
    }
  }

  @Test
  void anotherTrainingIsNotMixedIn() throws Exception {
    Path output = temporary.resolve("out");
    FineTuner.run(NETWORK, images(), output, options(true, 1), FineTuneListener.NONE);

    assertThatThrownBy(
            () ->
                FineTuner.run(NETWORK, images(), output, options(false, 1), FineTuneListener.NONE))
        .isInstanceOf(FineTuneException.class)
        .hasMessageContaining("checkpoint of another training");
  }

  @Test
  void aBrokenImageIsListedAndSkipped() throws Exception {
    Path images = images();
    Files.writeString(images.resolve("red/broken.jpg"), "no image");
    List<String> skipped = new ArrayList<>();

    FineTuner.run(
        NETWORK,
        images,
        temporary.resolve("out"),
        options(true, 1),
        new FineTuneListener() {
          @Override
          public void skipped(String fileAndReason) {
            skipped.add(fileAndReason);
          }
        });

    assertThat(skipped).singleElement().asString().startsWith("red/broken.jpg: ");
  }

  @Test
  void moreThanATenthBrokenStopsTheRun() throws Exception {
    Path images = images();
    for (int i = 0; i < 3; i++) {
      Files.writeString(images.resolve("red/broken" + i + ".jpg"), "no image");
    }

    assertRefused(images, "3 of 23 images", "more than one in ten");
  }

  @Test
  void aClassFolderWithoutAReadableImageIsNamed() throws Exception {
    Path images = images();
    Files.createDirectory(images.resolve("green"));

    assertRefused(images, "class folder", "green", "no readable image");
  }

  @Test
  void aFolderWithoutClassesIsRefused() {
    assertRefused(temporary, "needed: a folder of images for each");
  }

  private void assertRefused(Path images, String... parts) {
    Path output = temporary.resolve("refused");
    assertThatThrownBy(
            () -> FineTuner.run(NETWORK, images, output, options(true, 1), FineTuneListener.NONE))
        .isInstanceOf(FineTuneException.class)
        .hasMessageContainingAll(parts);
    assertThat(output).doesNotExist();
  }

  @Test
  void anOptionOutOfRangeIsNamed() {
    assertThatThrownBy(() -> options(true, 0))
        .isInstanceOf(FineTuneException.class)
        .hasMessage("epochs: 0 is not allowed; allowed: from 1 to 10000");
  }

  private static FineTuneOptions options(boolean headOnly, int epochs) {
    return options(headOnly, epochs, 0.2);
  }

  static FineTuneOptions options(boolean headOnly, int epochs, double validationSplit) {
    return new FineTuneOptions(
        headOnly,
        epochs,
        8,
        0.01,
        LearningRateSchedule.COSINE,
        0.9,
        0.1,
        0.2,
        validationSplit,
        7,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        BatchNormStatistics.ESTIMATED,
        Augmentation.NONE,
        OptionalInt.empty());
  }

  /** Reddish and bluish noise. */
  private Path images() throws IOException {
    Path folder = temporary.resolve("images");
    Random random = new Random(3);
    for (String name : List.of("red", "blue")) {
      Files.createDirectories(folder.resolve(name));
      for (int i = 0; i < EACH; i++) {
        BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        for (int pixel = 0; pixel < 64 * 64; pixel++) {
          int bright = 128 + random.nextInt(128);
          int dark = random.nextInt(100);
          Color colour =
              name.equals("red") ? new Color(bright, dark, dark) : new Color(dark, dark, bright);
          image.setRGB(pixel % 64, pixel / 64, colour.getRGB());
        }
        ImageIO.write(image, "png", folder.resolve(name).resolve(i + ".png").toFile());
      }
    }
    return folder;
  }
}
