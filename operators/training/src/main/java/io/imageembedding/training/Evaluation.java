// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.training.TrainingImages.LabelledImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** How well the network as it is classifies images. */
final class Evaluation {
  private final TrainingGraph graph;
  private final TrainingInputs inputs;
  private final List<String> labels;

  /**
   * @param labels names of the classes
   */
  Evaluation(TrainingGraph graph, TrainingInputs inputs, List<String> labels) {
    this.graph = graph;
    this.inputs = inputs;
    this.labels = labels;
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /** How many images have their class as the most probable. */
  static int right(List<LabelledImage> batch, float[][] logits) {
    int right = 0;
    for (int i = 0; i < logits.length; i++) {
      if (best(logits[i]) == batch.get(i).label()) {
        right++;
      }
    }
    return right;
  }

  record Measured(double loss, double accuracy) {}

  /** Mean loss, and share of images whose class is the most probable. */
  Measured measure(List<LabelledImage> all) {
    double loss = 0;
    int right = 0;
    for (List<LabelledImage> batch : TrainingInputs.batches(all, TrainingInputs.AT_A_TIME)) {
      try (TrainingInputs.Input input = inputs.of(batch)) {
        float[][] logits = graph.logits(input.tensor());
        float[][] labels = inputs.labels(batch);
        for (int i = 0; i < logits.length; i++) {
          loss += crossEntropy(logits[i], labels[i]);
        }
        right += right(batch, logits);
      }
    }
    return new Measured(loss / all.size(), (double) right / all.size());
  }

  private static double crossEntropy(float[] logits, float[] labels) {
    double most = logits[best(logits)];
    double sum = sumOfExponentials(logits);
    double entropy = 0;
    for (int i = 0; i < logits.length; i++) {
      entropy -= labels[i] * (logits[i] - most - Math.log(sum));
    }
    return entropy;
  }

  /** Of the differences to the largest. */
  private static double sumOfExponentials(float[] logits) {
    double most = logits[best(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - most);
    }
    return sum;
  }

  /**
   * What images are taken for.
   *
   * @param confusion how many of each class, a row for each, are taken for which
   * @param misclassified those that are taken for another class
   */
  record Classified(int[][] confusion, List<Misclassified> misclassified) {}

  Classified classify(List<LabelledImage> all) {
    int[][] confusion = new int[labels.size()][labels.size()];
    List<Misclassified> misclassified = new ArrayList<>();
    for (List<LabelledImage> batch : TrainingInputs.batches(all, TrainingInputs.AT_A_TIME)) {
      try (TrainingInputs.Input input = inputs.of(batch)) {
        float[][] logits = graph.logits(input.tensor());
        for (int i = 0; i < logits.length; i++) {
          LabelledImage image = batch.get(i);
          int best = best(logits[i]);
          confusion[image.label()][best]++;
          if (best != image.label()) {
            misclassified.add(
                new Misclassified(
                    image.name(),
                    labels.get(image.label()),
                    labels.get(best),
                    1 / sumOfExponentials(logits[i])));
          }
        }
      }
    }
    misclassified.sort(Comparator.comparing(Misclassified::file));
    return new Classified(confusion, List.copyOf(misclassified));
  }
}
