// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.Internal;

/**
 * Knows what texts name models; found by its name in {@code META-INF/services}, so that who only
 * uses models need not know where they come from.
 */
@Internal
public interface ModelNames {

  /**
   * The model that the text names; nothing is read yet.
   *
   * @throws ModelException if it names none
   */
  ModelSource parse(String text, ModelOptions options);
}
