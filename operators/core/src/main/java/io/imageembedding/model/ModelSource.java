// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;

/** Names where a model is, and loads it there; travels with the job to the task slots. */
@FunctionalInterface
public interface ModelSource extends Serializable {

  /**
   * Loads the model into native memory that the caller owns.
   *
   * @throws ModelException if there is none, or it is damaged, refused or does not fit
   */
  FeatureVectorModel load();

  /**
   * The model that the text names: {@code builtin} (MobileNetV2 1.0 at 224 pixels with the ImageNet
   * weights of the TF-Slim checkpoint mobilenet_v2_1.0_224, raw variables), or the directory of a
   * SavedModel 2.0, as a path or a {@code file:} URI. Nothing is read yet.
   *
   * @throws ModelException if it is neither
   */
  static ModelSource parse(String text) {
    if (text.equals(BuiltinModel.NAME)) {
      return new BuiltinModel();
    }
    try {
      if (text.startsWith("file:")) {
        return new SavedModelDirectory(Path.of(URI.create(text)).toString());
      }
      if (!text.isBlank() && !text.matches("[a-zA-Z][a-zA-Z0-9+.-]+:/.*")) {
        return new SavedModelDirectory(Path.of(text).toAbsolutePath().normalize().toString());
      }
    } catch (IllegalArgumentException e) {
      throw new ModelException("'" + text + "' is no path: " + e.getMessage(), e);
    }
    throw new ModelException(
        "'" + text + "' names no model; needed: builtin, or the directory of a SavedModel 2.0");
  }
}
