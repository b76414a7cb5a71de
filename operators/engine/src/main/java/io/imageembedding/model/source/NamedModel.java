// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.model.optimize.ChosenOutput;
import io.imageembedding.model.optimize.OpenedModel;
import io.imageembedding.model.run.LoadTime;

/** A kind of place where a model can be. */
@Internal
public interface NamedModel extends ModelSource {
  long serialVersionUID = 1L;

  /**
   * Reads and checks the model, without running any of it.
   *
   * @throws ModelException if there is none, or it is damaged or refused
   */
  OpenedModel read();

  /**
   * The same model on this machine.
   *
   * @throws ModelException if it cannot be had, or is another than the pinned one
   */
  default NamedModel fetched() {
    return this;
  }

  /** SHA-256 of the archive, the file or the list of files that it came as; null if of none. */
  default String cameAs() {
    return null;
  }

  /**
   * Reads and checks the model, and holds it to what was asked for, without running any of it.
   *
   * @throws ModelException if there is none, it is damaged or refused, or is not what was asked for
   */
  default OpenedModel open() {
    NamedModel here = fetched();
    return LoadTime.spend(
        here.toString(),
        () -> {
          OpenedModel whole = here.read();
          OpenedModel opened = ChosenOutput.of(whole, options().modelOutput());
          Choices.require(options(), opened, whole.sha256(), here);
          return opened;
        },
        opened -> {});
  }

  /** What is to be taken of the model. */
  ModelOptions options();

  /** The same door with other choices. */
  NamedModel with(ModelOptions options);

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
    return load(() -> {});
  }

  @Override
  default FeatureVectorModel load(Runnable whenRead) {
    OpenedModel opened = open();
    whenRead.run();
    return opened.load(options());
  }
}
