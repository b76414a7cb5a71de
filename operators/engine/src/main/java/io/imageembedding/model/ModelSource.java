// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.util.ServiceLoader;

/** Names where a model is, and loads it there; travels with the job to the task slots. */
@FunctionalInterface
@PublicEvolving
public interface ModelSource extends Serializable {

  /** Every kind of text that names a model, in words. */
  String FORMS =
      "'builtin' (MobileNetV2 1.0 at 224 pixels with the ImageNet weights of the TF-Slim checkpoint"
          + " mobilenet_v2_1.0_224); the directory of a SavedModel (of TensorFlow 2 with or without"
          + " a signature, or a TF1 Hub module); a TF-Slim checkpoint of MobileNetV2 (prefix, .index"
          + " or directory); a frozen graph (.pb); any of them in a .tar.gz, .tgz or .zip; each as a"
          + " local path, the URI of any Flink file system or an https: address; or a handle of"
          + " TF Hub or Kaggle; or 'untrained:mobilenet_v2_0.35_96', a network of any published"
          + " multiplier and size with made-up weights";

  /**
   * Loads the model into native memory that the caller owns.
   *
   * @throws ModelException if there is none, or it is damaged, refused or does not fit
   */
  FeatureVectorModel load();

  /**
   * {@link #load()}, for who wants to know how long its parts take.
   *
   * @param whenRead called when the model has been read and checked, before any of it is run; by
   *     sources that do one after the other
   */
  default FeatureVectorModel load(Runnable whenRead) {
    return load();
  }

  /** The arithmetic that the model is to run in. */
  default Precision precision() {
    return Precision.FP32;
  }

  /** The same model in another arithmetic; sources that know only one stay as they are. */
  default ModelSource in(Precision precision) {
    return this;
  }

  /**
   * The model that the text names: one of {@link #FORMS}. Nothing is read yet.
   *
   * @param options what to take of it where there is a choice
   * @throws ModelException if it is neither
   */
  static ModelSource parse(String text, ModelOptions options) {
    // Not the thread's class loader: on a cluster all of this is in the job's jar.
    return ServiceLoader.load(ModelNames.class, ModelSource.class.getClassLoader())
        .findFirst()
        .orElseThrow(() -> new ModelException("nothing on the class path knows names of models"))
        .parse(text, options);
  }

  /** The model that the text names, the only fitting part of it. */
  static ModelSource parse(String text) {
    return parse(text, ModelOptions.NONE);
  }
}
