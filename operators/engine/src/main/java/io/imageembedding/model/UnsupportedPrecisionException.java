// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;

/**
 * A model that can be used, but not in the {@link Precision} that was asked for: it is no
 * MobileNetV2, or its vectors would be too far from those of fp32.
 */
@PublicEvolving
public final class UnsupportedPrecisionException extends ModelException {
  private static final long serialVersionUID = 1L;

  public UnsupportedPrecisionException(String message) {
    super(message);
  }

  /**
   * @param model as it was named
   */
  public UnsupportedPrecisionException(String model, String problem) {
    super(model, problem, null);
  }
}
