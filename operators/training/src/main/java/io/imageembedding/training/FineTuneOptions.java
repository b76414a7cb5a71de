// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How a network is trained: by stochastic gradient descent with momentum, {@code v = momentum * v -
 * rate * gradient}, on the mean cross-entropy with smoothed labels and the regularisation losses.
 *
 * @param headOnly whether only the classifier learns; the features stay as they are
 * @param epochs how often every training image is used
 * @param batchSize images of a step
 * @param learningRate rate of the first step
 * @param schedule what becomes of the rate
 * @param momentum from 0 to below 1
 * @param labelSmoothing part of a label's weight that is spread over all classes
 * @param dropout part of the features that a step does without
 * @param validationSplit part of the images of each class that is only measured on; 0 for none
 * @param seed of the split, the order of the images, dropout and the classifier's first weights
 * @param weightDecay of the convolutions' kernels; empty: the module's own regularisation losses,
 *     else TF-Slim's 4e-5
 * @param batchNormDecay of moving averages; empty: the module's own, else 0.997
 * @param batchNormStatistics what a network of which all is trained is run with
 * @param augmentation how training images are changed
 * @param patience epochs without a smaller loss on the images held back, after which training ends;
 *     the model is that of the best epoch then. Empty: all epochs, and the model of the last
 */
@PublicEvolving
public record FineTuneOptions(
    boolean headOnly,
    int epochs,
    int batchSize,
    double learningRate,
    LearningRateSchedule schedule,
    double momentum,
    double labelSmoothing,
    double dropout,
    double validationSplit,
    long seed,
    OptionalDouble weightDecay,
    OptionalDouble batchNormDecay,
    BatchNormStatistics batchNormStatistics,
    Augmentation augmentation,
    OptionalInt patience) {

  /**
   * @throws FineTuneException naming the first option that is out of range
   */
  public FineTuneOptions {
    require("epochs", epochs, 1, 10_000);
    require("batch-size", batchSize, 2, 1024);
    require("learning-rate", learningRate, Double.MIN_VALUE, 100);
    require("momentum", momentum, 0, 0.9999);
    require("label-smoothing", labelSmoothing, 0, 0.9);
    require("dropout", dropout, 0, 0.9);
    require("validation-split", validationSplit, 0, 0.9);
    if (weightDecay.isPresent()) {
      require("weight-decay", weightDecay.getAsDouble(), 0, 1);
    }
    if (batchNormDecay.isPresent()) {
      require("batch-norm-decay", batchNormDecay.getAsDouble(), 0, 0.999999);
    }
    if (patience.isPresent()) {
      require("patience", patience.getAsInt(), 1, 10_000);
      if (validationSplit == 0) {
        throw new FineTuneException(
            "patience: "
                + patience.getAsInt()
                + " is not allowed with validation-split 0, which holds no images back");
      }
    }
  }

  /** What suits a few hundred images. */
  public static FineTuneOptions defaults(boolean headOnly) {
    return new FineTuneOptions(
        headOnly,
        5,
        16,
        0.01,
        LearningRateSchedule.COSINE,
        0.9,
        0.1,
        0.2,
        0.2,
        0,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        BatchNormStatistics.ESTIMATED,
        Augmentation.NONE,
        OptionalInt.empty());
  }

  static void require(String name, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new FineTuneException(
          name
              + ": "
              + text(value)
              + " is not allowed; allowed: "
              + (least == Double.MIN_VALUE ? "above 0" : "from " + text(least))
              + " to "
              + text(most));
    }
  }

  private static String text(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }

  /** What has to be the same when training goes on. */
  String fingerprint() {
    String added = augmentation.isNone() ? "" : " " + augmentation.text();
    return String.join(
        " ",
        "head-only=" + headOnly,
        "batch-size=" + batchSize,
        "learning-rate=" + learningRate,
        "learning-rate-schedule=" + schedule,
        "momentum=" + momentum,
        "label-smoothing=" + labelSmoothing,
        "dropout=" + dropout,
        "validation-split=" + validationSplit,
        "seed=" + seed,
        "weight-decay=" + ofTheModule(weightDecay),
        "batch-norm-decay=" + ofTheModule(batchNormDecay),
        "batch-norm-statistics=" + batchNormStatistics + added);
  }

  private static String ofTheModule(OptionalDouble value) {
    return value.isPresent() ? String.valueOf(value.getAsDouble()) : "of-the-module";
  }
}
