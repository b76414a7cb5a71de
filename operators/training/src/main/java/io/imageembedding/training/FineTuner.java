// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.source.TrainableNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Teaches a MobileNetV2 the classes of a folder of images, one folder for each class.
 *
 * <pre>{@code
 * FineTuneResult result =
 *     FineTuner.run(
 *         ModelSource.parse("builtin"), images, output, FineTuneOptions.defaults(true),
 *         FineTuneListener.NONE);
 * ModelSource trained = ModelSource.parse(result.model().toString());
 * }</pre>
 *
 * <p>Into the output folder go {@code model} (a reusable SavedModel that gives class scores, with
 * its labels), {@code learning-curve.svg}, {@code confusion-matrix.svg}, {@code training.json}, and
 * after every epoch a checkpoint and its figures in TensorBoard's {@code tensorboard/train} and
 * {@code tensorboard/validation}: started again with the same output, training goes on from there.
 * With the same seed on the same machine the result is the same, whether it was interrupted or not.
 */
@PublicEvolving
public final class FineTuner {

  private FineTuner() {}

  /**
   * Trains to the end, or goes on where an earlier run with the same output was interrupted.
   *
   * @param source a MobileNetV2 whose batch normalisation is not folded
   * @param folder with a folder for each class
   * @param output made if it is not there
   * @throws FineTuneException if images, output or options do not do
   * @throws io.imageembedding.model.ModelException if the model does not
   */
  public static FineTuneResult run(
      ModelSource source,
      Path folder,
      Path output,
      FineTuneOptions options,
      FineTuneListener listener) {
    TrainableNetwork network = TrainableNetworks.read(source);
    TrainingImages images =
        TrainingImages.read(
            folder, network.weights().network().inputSize(), options, listener::reading);
    images.skipped().forEach(listener::skipped);
    if (options.patience().isPresent() && images.validation().isEmpty()) {
      throw new FineTuneException(
          "patience: no image of " + folder + " is held back; needed: more images");
    }
    try {
      Files.createDirectories(output);
    } catch (IOException e) {
      throw new FineTuneException(output + " cannot be made: " + e.getMessage(), e);
    }
    try (TrainingRun training = new TrainingRun(network, images, output, options, listener)) {
      return training.train();
    }
  }
}
