// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;

/** Where the means and variances come from that a fully trained network is run with. */
@PublicEvolving
public enum BatchNormStatistics {
  /**
   * From the training images, as the network sees them after each epoch. What moving averages are
   * after many steps, this is after any number.
   */
  ESTIMATED,

  /**
   * From moving averages over the steps, as Keras has them. After fewer steps than their decay
   * remembers (some 300 for 0.997) they are still those of the module, which the trained weights do
   * not fit.
   */
  MOVING
}
