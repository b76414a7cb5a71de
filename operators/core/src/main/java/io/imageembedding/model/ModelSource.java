// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import java.io.Serializable;

/** Names where a model is, and loads it there; travels with the job to the task slots. */
@FunctionalInterface
public interface ModelSource extends Serializable {

  /**
   * Loads the model into native memory that the caller owns.
   *
   * @throws ModelException if there is none, or it is damaged, refused or does not fit
   */
  FeatureVectorModel load();
}
