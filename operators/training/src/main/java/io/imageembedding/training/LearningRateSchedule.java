// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;

/** What becomes of the learning rate while a network is trained. */
@PublicEvolving
public enum LearningRateSchedule {
  /** It stays. */
  CONSTANT {
    @Override
    double factor(double done) {
      return 1;
    }
  },

  /** It falls to 0 at the last step, along half a wave of the cosine. */
  COSINE {
    @Override
    double factor(double done) {
      return (1 + Math.cos(Math.PI * done)) / 2;
    }
  };

  /**
   * What the rate is multiplied by.
   *
   * @param done part of all steps that are done, from 0 to 1
   */
  abstract double factor(double done);
}
