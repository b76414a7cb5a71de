// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.Refusal;

/**
 * Thrown by an {@code ImageExtractor} for an element in which it finds no encoded image; becomes a
 * {@link Refusal} of stage {@link Refusal.Stage#WIRE}.
 */
@PublicEvolving
public final class ElementRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * @param code short constant that programs can tell reasons apart by
   * @param message the reason in words, one line
   */
  public ElementRefusedException(String code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  public String code() {
    return code;
  }
}
