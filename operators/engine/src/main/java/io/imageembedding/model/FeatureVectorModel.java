// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.image.ImageTensor;
import java.util.Optional;

/**
 * A loaded network that turns images into feature vectors; the one face behind which every kind of
 * model runs. It owns native memory until it is closed; not thread-safe.
 */
@PublicEvolving
public interface FeatureVectorModel extends AutoCloseable {

  /** What this model is, and what it takes and gives. */
  ModelDescriptor descriptor();

  /**
   * Memory for images, owned by the caller, in which this model takes them with the least work.
   *
   * @param capacity most images at a time
   */
  default ImageTensor newInput(int capacity) {
    return new ImageTensor(descriptor().inputSize(), capacity);
  }

  /**
   * Embeds the images of one batch.
   *
   * @param images of {@link #newInput}, or in [0,1] and of the size that {@link
   *     ModelDescriptor#inputSize()} says
   * @return one vector of {@link ModelDescriptor#dimension()} features for each image, in order
   */
  float[][] embed(ImageTensor images);

  /**
   * How the vectors are to be read as scores of classes, one label for each feature; empty where
   * the model is no classifier.
   */
  default Optional<ClassLabels> classes() {
    return Optional.empty();
  }

  /** Gives the native memory back; the model cannot be used afterwards. */
  @Override
  void close();
}
