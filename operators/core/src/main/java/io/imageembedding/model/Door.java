// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

/** A kind of place where a model can be. */
interface Door extends ModelSource {
  long serialVersionUID = 1L;

  /**
   * Reads and checks the model, without running any of it.
   *
   * @throws ModelException if there is none, or it is damaged or refused
   */
  OpenedModel open();

  /** What is to be taken of the model. */
  ModelOptions options();

  /** The same door with other choices. */
  Door with(ModelOptions options);

  @Override
  default Precision precision() {
    return options().precision();
  }

  @Override
  default ModelSource in(Precision precision) {
    return with(options().in(precision));
  }

  @Override
  default FeatureVectorModel load() {
    return open().load(options());
  }
}
