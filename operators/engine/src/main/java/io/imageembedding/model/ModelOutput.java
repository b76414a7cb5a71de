// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;

/** What is taken of a model that has features and a classifier on them. */
@PublicEvolving
public enum ModelOutput {
  /**
   * What its global pooling gives, before any layer that stands on it: of a MobileNetV2 the 1280
   * averages over its last feature map.
   */
  FEATURES,

  /** The classifier's scores before a softmax. */
  LOGITS
}
