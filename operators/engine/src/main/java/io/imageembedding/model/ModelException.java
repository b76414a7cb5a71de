// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;
import org.jspecify.annotations.Nullable;

/**
 * A model that cannot be used: missing, damaged, refused, or of a shape that does not fit. The
 * message is one line for a person and names the model, what was found and what is needed.
 */
@PublicEvolving
public class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelException(String message) {
    super(message);
  }

  public ModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * @param cause null where there is none
   */
  ModelException(String model, String problem, @Nullable Throwable cause) {
    this("model " + model + ": " + problem, cause);
  }

  /**
   * What is wrong with a model.
   *
   * @param model as it was named
   */
  public static ModelException of(String model, String problem) {
    return of(model, problem, null);
  }

  /** What is wrong with a model, and why. */
  public static ModelException of(String model, String problem, @Nullable Throwable cause) {
    return new ModelException(model, problem, cause);
  }
}
