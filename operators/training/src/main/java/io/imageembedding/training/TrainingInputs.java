// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.image.View;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.source.TrainableNetworks;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.training.TrainingImages.LabelledImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** What the graph is fed for images: batches of pixels, or of features, with labels and dropout. */
final class TrainingInputs implements AutoCloseable {

  /** Images in a batch where nothing is learnt. */
  static final int AT_A_TIME = 8;

  /** Instead of an epoch, for images that are not changed. */
  private static final int AS_IT_IS = 0;

  private final TrainingImages images;
  private final MobileNetV2 network;
  private final FineTuneOptions options;
  private final Ownership owned = new Ownership();
  private final ImageDecoder decoder = owned.add(TrainingImages.newDecoder());
  private final Map<Path, float[]> features = new HashMap<>();
  private @Nullable FeatureVectorModel backbone;

  TrainingInputs(TrainingImages images, MobileNetV2 network, FineTuneOptions options) {
    this.images = images;
    this.network = network;
    this.options = options;
  }

  /**
   * Runs the network once for each image; from then on the features are fed. Images that are
   * changed in each epoch are run again in each.
   */
  void computeFeatures(NetworkWeights weights) {
    backbone =
        owned.add(
            TrainableNetworks.load(
                network.name(), new NetworkWeights(network, weights.variables(), null)));
    List<LabelledImage> fixed = new ArrayList<>(images.measured());
    if (options.augmentation().isNone() && !images.validation().isEmpty()) {
      fixed.addAll(images.training());
    }
    for (List<LabelledImage> batch : batches(fixed, AT_A_TIME)) {
      float[][] vectors = vectors(batch, AS_IT_IS);
      for (int i = 0; i < vectors.length; i++) {
        features.put(batch.get(i).file(), vectors[i]);
      }
    }
  }

  private float[][] vectors(List<LabelledImage> batch, int epoch) {
    if (backbone == null) {
      throw new IllegalStateException("features were not computed");
    }
    try (ImageTensor tensor = pixels(batch, epoch)) {
      return backbone.embed(tensor);
    }
  }

  private ImageTensor pixels(List<LabelledImage> batch, int epoch) {
    try (Ownership unfinished = new Ownership()) {
      ImageTensor tensor = unfinished.add(new ImageTensor(network.inputSize(), batch.size()));
      for (LabelledImage image : batch) {
        View view =
            epoch == AS_IT_IS || options.augmentation().isNone()
                ? View.WHOLE
                : options.augmentation().view(options.seed(), image.name(), epoch);
        decoder.decode(Files.readAllBytes(image.file()), view, tensor);
      }
      return unfinished.release(tensor);
    } catch (IOException | UndecodableImageException e) {
      throw new FineTuneException(
          "an image could be read before, and no longer: " + e.getMessage());
    }
  }

  /** What the graph is fed for these images as they are; the caller closes it. */
  Input of(List<LabelledImage> batch) {
    return of(batch, AS_IT_IS);
  }

  /** What the graph is fed to learn from these images in an epoch; the caller closes it. */
  Input of(List<LabelledImage> batch, int epoch) {
    Ownership inputs = new Ownership();
    try {
      if (!options.headOnly()) {
        return new Input(inputs.add(pixels(batch, epoch)).tensor(), inputs);
      }
      float[][] rows =
          epoch == AS_IT_IS || options.augmentation().isNone()
              ? batch.stream().map(image -> features.get(image.file())).toArray(float[][]::new)
              : vectors(batch, epoch);
      TFloat32 tensor = inputs.add(TFloat32.tensorOf(Shape.of(batch.size(), network.features())));
      for (int i = 0; i < rows.length; i++) {
        tensor.asRawTensor().data().asFloats().offset((long) i * rows[i].length).write(rows[i]);
      }
      return new Input(tensor, inputs);
    } catch (Throwable e) {
      throw inputs.closeAfter(e);
    }
  }

  record Input(TFloat32 tensor, Ownership owned) implements AutoCloseable {
    @Override
    public void close() {
      owned.close();
    }
  }

  /**
   * Batches of even sizes, as few as there can be of no more than that size: a small one at the end
   * would weigh as much in a step as the others. None is a single image, which has no statistics,
   * if there are more; so with a size of 2 one may have 3.
   */
  static List<List<LabelledImage>> batches(List<LabelledImage> all, int size) {
    int count = Math.min((all.size() + size - 1) / size, Math.max(1, all.size() / 2));
    List<List<LabelledImage>> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      batches.add(
          all.subList(
              (int) ((long) all.size() * i / count), (int) ((long) all.size() * (i + 1) / count)));
    }
    return batches;
  }

  /** Weight of each class for each image. */
  float[][] labels(List<LabelledImage> batch) {
    int classes = images.labels().size();
    float[][] labels = new float[batch.size()][classes];
    double smoothing = options.labelSmoothing();
    for (int i = 0; i < labels.length; i++) {
      Arrays.fill(labels[i], (float) (smoothing / classes));
      labels[i][batch.get(i).label()] += (float) (1 - smoothing);
    }
    return labels;
  }

  /** Factor of each feature for each image; some are 0 where there is dropout. */
  float[][] mask(int count, Random random) {
    float[][] mask = new float[count][network.features()];
    float kept = (float) (1 / (1 - options.dropout()));
    for (float[] row : mask) {
      for (int i = 0; i < row.length; i++) {
        row[i] = options.dropout() > 0 && random.nextDouble() < options.dropout() ? 0 : kept;
      }
    }
    return mask;
  }

  @Override
  public void close() {
    owned.close();
  }
}
