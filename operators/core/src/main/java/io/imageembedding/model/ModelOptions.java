// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import java.io.Serializable;

/**
 * What to take of a model where there is a choice; null means that the only fitting one is taken.
 *
 * @param signature name of a signature of a SavedModel
 * @param input name of the input tensor or of the signature's input
 * @param output name of the output tensor, or of the signature's output
 * @param inputSize width and height of the images in pixels, for a model that does not say it
 * @param logits whether a checkpoint gives its classifier's scores and not its features
 */
public record ModelOptions(
    String signature, String input, String output, Integer inputSize, boolean logits)
    implements Serializable {

  /** No choice. */
  public static final ModelOptions NONE = new ModelOptions(null, null, null, null, false);

  private static final long serialVersionUID = 1L;
}
