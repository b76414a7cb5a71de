// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.model.ClassLabels;
import java.util.ArrayList;
import java.util.List;

/** The likeliest classes of a classifier's vectors, best first; of equal ones the earlier first. */
final class TopClasses {
  private final ClassLabels classes;
  private final int[] best;

  /**
   * @param count how many classes of a vector, at most
   */
  TopClasses(ClassLabels classes, int count) {
    this.classes = classes;
    this.best = new int[Math.min(count, classes.labels().size())];
  }

  /**
   * @param vector of finite features, one for each class
   */
  List<ClassScore> of(float[] vector) {
    select(vector);
    List<ClassScore> scores = new ArrayList<>(best.length);
    double greatest = vector[best[0]];
    double sum = classes.logits() ? sumOfExponentials(vector, greatest) : 0;
    for (int index : best) {
      float score =
          classes.logits() ? (float) (Math.exp(vector[index] - greatest) / sum) : vector[index];
      scores.add(new ClassScore(classes.labels().get(index), score));
    }
    return List.copyOf(scores);
  }

  /** Fills {@link #best} by insertion; most classes are compared with the worst of it only. */
  private void select(float[] vector) {
    int size = 0;
    for (int i = 0; i < vector.length; i++) {
      if (size == best.length && vector[i] <= vector[best[size - 1]]) {
        continue;
      }
      int place = size == best.length ? size - 1 : size++;
      while (place > 0 && vector[i] > vector[best[place - 1]]) {
        best[place] = best[place - 1];
        place--;
      }
      best[place] = i;
    }
  }

  /** Relative to the greatest, so that no exponential overflows. */
  private static double sumOfExponentials(float[] vector, double greatest) {
    double sum = 0;
    for (float logit : vector) {
      sum += Math.exp(logit - greatest);
    }
    return sum;
  }
}
