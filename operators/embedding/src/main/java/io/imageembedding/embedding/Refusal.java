// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.safety.Printable;

/**
 * Why an element has no vector.
 *
 * @param stage where on its way it was refused
 * @param code the reason, one of a closed list for each stage: for {@link Stage#WIRE} the
 *     extractor's own and {@link #EXTRACTOR_FAILED}, for {@link Stage#IMAGE} the names of {@code
 *     UndecodableImageException.Fault} and {@link #CRASHED}, for the others the other constants
 *     here
 * @param message the reason in words, one line
 */
@PublicEvolving
public record Refusal(Stage stage, String code, String message) implements Outcome {

  /** The extractor threw an exception when it looked for the image in the element. */
  public static final String EXTRACTOR_FAILED = "EXTRACTOR_FAILED";

  /** The model could not be run on the image, though it still runs on others. */
  public static final String MODEL_FAILED = "MODEL_FAILED";

  /** The vector has not as many features as the model's dimension. */
  public static final String WRONG_LENGTH = "WRONG_LENGTH";

  /** A feature is infinite or not a number. */
  public static final String NOT_FINITE = "NOT_FINITE";

  /** The process died with the image, and again when it was alone. */
  public static final String CRASHED = "CRASHED";

  /** Where on its way an element can be refused. */
  public enum Stage {
    /** Finding the encoded image in the element. */
    WIRE,
    /** Decoding the image. */
    IMAGE,
    /** Running the model. */
    MODEL,
    /** Checking the vector. */
    VECTOR
  }

  public Refusal {
    requireNonNull(stage, "stage");
    requireNonNull(code, "code");
    message = Printable.line(requireNonNull(message, "message"));
  }
}
