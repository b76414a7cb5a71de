// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;
import java.nio.file.Path;
import java.util.List;

/**
 * What came of training.
 *
 * @param model directory of the SavedModel
 * @param labels names of the classes, in their order
 * @param history figures of every epoch
 * @param epoch that the model is of, from 1
 * @param confusion images of class [i] that were taken for class [j]
 * @param validated whether those are images held back; else they are the training images
 * @param misclassified those of them that were taken for another class, by class and name
 * @param skipped images that could not be read, each with the reason
 */
@PublicEvolving
public record FineTuneResult(
    Path model,
    List<String> labels,
    List<EpochFigures> history,
    int epoch,
    int[][] confusion,
    boolean validated,
    List<Misclassified> misclassified,
    List<String> skipped) {

  /** Part of the images that were classified rightly. */
  public double accuracy() {
    int right = 0;
    int all = 0;
    for (int i = 0; i < confusion.length; i++) {
      right += confusion[i][i];
      for (int count : confusion[i]) {
        all += count;
      }
    }
    return (double) right / all;
  }
}
