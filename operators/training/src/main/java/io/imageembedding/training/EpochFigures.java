// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an epoch went.
 *
 * @param epoch from 1
 * @param loss mean over the training images, each as its step found it, with smoothed labels and
 *     without regularisation losses
 * @param accuracy part of the training images that were classified rightly then
 * @param validationLoss mean over the images held back; null where there are none
 * @param validationAccuracy part of them; null where there are none
 * @param seconds that the epoch took
 */
@PublicEvolving
public record EpochFigures(
    int epoch,
    double loss,
    double accuracy,
    @Nullable Double validationLoss,
    @Nullable Double validationAccuracy,
    double seconds) {

  /** The epoch with the smallest loss on images held back, the earliest of several. */
  static int best(List<EpochFigures> history) {
    EpochFigures best = history.get(0);
    for (EpochFigures figures : history) {
      if (figures.held() < best.held()) {
        best = figures;
      }
    }
    return best.epoch();
  }

  private double held() {
    return validationLoss == null ? Double.POSITIVE_INFINITY : validationLoss;
  }
}
